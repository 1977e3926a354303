import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { UUID_PATTERN } from "../../schemas/ids.ts";
import {
  AckRequest,
  CancelAckRequest,
  ClaimRequest,
  CompleteRequest,
  HeartbeatRequest,
  type AckReply,
  type ClaimReply,
  type CompleteReply,
  type HeartbeatReply,
} from "../../schemas/runner-protocol.ts";
import type { Database } from "../db/client.ts";
import { claimAttempt, type IdentityVerifier } from "../lifecycle/claim.ts";
import { acknowledgeCancel, completeAttempt } from "../lifecycle/complete.ts";
import { acknowledgeLease, takeHeartbeat } from "../lifecycle/heartbeat.ts";
import type { LeaseTiming } from "../lifecycle/lease-timing.ts";
import type { MessageAnswer } from "../lifecycle/runner-message.ts";
import { checked, HttpError } from "./errors.ts";
import { leaseToken } from "./lease-token.ts";

export interface RunnerApiDependencies {
  readonly database: Database;
  readonly timing: LeaseTiming;
  /** What runners prove themselves with; null where the dispatcher hands each its claim token. */
  readonly identities: IdentityVerifier | null;
}

/** One answer, whatever is wrong: who replays a proof learns no more than who makes one up. The log has the cause. */
const CLAIM_REFUSED =
  "the claim is refused: the proof does not hold for this attempt, another runner has it, or it is over";

const Params = Type.Object(
  { lease: Type.String({ pattern: UUID_PATTERN }) },
  { additionalProperties: false },
);
const NoQuery = Type.Object({}, { additionalProperties: false });

/** A runner beats every few seconds and on news; more than this is a broken one, and costs others their turn. */
const MESSAGES_PER_SECOND_MAX = 20;

const limited = {
  config: {
    rateLimit: {
      max: MESSAGES_PER_SECOND_MAX,
      timeWindow: 1_000,
      // The address as it was read: one lease can be written in many ways, with `%61` for `a`.
      keyGenerator: ({ routeOptions, params }: FastifyRequest) =>
        `${routeOptions.url} ${JSON.stringify(params)}`,
    },
  },
};

/**
 * The JSON routes of the runner protocol. Whatever is wrong with a lease, the answer is the same 409
 * `stale_lease`; docs/protocol.md tells the order of calls.
 */
export function registerRunnerApi(server: FastifyInstance, dependencies: RunnerApiDependencies): void {
  const { database, timing, identities } = dependencies;

  server.post("/runner/v1/claim", async (request): Promise<ClaimReply> => {
    checked(NoQuery, request.query, "query");
    const body = checked(ClaimRequest, request.body, "body");
    const answer = await claimAttempt(database, body, timing, identities);
    if (answer.status === "granted") return answer.reply;
    request.log.warn({ attempt: body.attempt_id, cause: answer.status }, "a claim was refused");
    throw new HttpError("unauthorized", CLAIM_REFUSED);
  });

  server.post("/runner/v1/leases/:lease/ack", limited, async (request): Promise<AckReply> => {
    const sender = senderOf(request);
    return messageReply(await acknowledgeLease(database, sender, checked(AckRequest, request.body, "body")));
  });

  server.post("/runner/v1/leases/:lease/heartbeat", limited, async (request): Promise<HeartbeatReply> => {
    const sender = senderOf(request);
    const body = checked(HeartbeatRequest, request.body, "body");
    return messageReply(await takeHeartbeat(database, sender, body, timing));
  });

  server.post("/runner/v1/leases/:lease/complete", limited, async (request): Promise<CompleteReply> => {
    const sender = senderOf(request);
    return messageReply(
      await completeAttempt(database, sender, checked(CompleteRequest, request.body, "body")),
    );
  });

  server.post("/runner/v1/leases/:lease/cancel-ack", limited, async (request): Promise<CompleteReply> => {
    const sender = senderOf(request);
    return messageReply(
      await acknowledgeCancel(database, sender, checked(CancelAckRequest, request.body, "body")),
    );
  });
}

function senderOf(request: FastifyRequest): { readonly leaseId: string; readonly token: string } {
  const { lease } = checked(Params, request.params, "path");
  checked(NoQuery, request.query, "query");
  return { leaseId: lease, token: leaseToken(request) };
}

function messageReply<Reply>(answer: MessageAnswer<Reply>): Reply {
  switch (answer.status) {
    case "ok":
      return answer.reply;
    case "stale_lease":
      throw new HttpError("stale_lease", "this lease does not hold");
    case "seq_conflict":
      throw new HttpError("seq_conflict", "this number came before with another body");
    case "order":
    case "invalid_request":
      throw new HttpError(answer.status, answer.message);
    default:
      throw new Error(`unknown answer ${JSON.stringify(answer satisfies never)}`);
  }
}
