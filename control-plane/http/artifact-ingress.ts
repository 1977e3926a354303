import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ArtifactCloseRequest, ArtifactName, type ArtifactReply } from "../../schemas/artifact-messages.ts";
import { UUID_PATTERN } from "../../schemas/ids.ts";
import { ARTIFACT_CHUNK_BYTES_MAX } from "../../schemas/limits.ts";
import {
  appendArtifact,
  closeArtifact,
  type ArtifactAnswer,
  type ArtifactDependencies,
  type ArtifactRefusal,
} from "../artifacts/artifact-store.ts";
import { fetchNeeded, type FetchAnswer } from "../artifacts/fetch-needed.ts";
import { ArtifactDamaged } from "../artifacts/read-artifact.ts";
import { checked, HttpError, type HttpErrorCode } from "./errors.ts";
import { leaseToken } from "./lease-token.ts";

const strict = { additionalProperties: false } as const;
const Uuid = Type.String({ pattern: UUID_PATTERN });
/** A whole number below 2^53 in plain digits, so that every part reads it alike. */
const WholeNumber = Type.String({ pattern: "^(0|[1-9][0-9]{0,14})$" });
const PartQuery = Type.Object({ epoch: WholeNumber, offset: WholeNumber }, strict);
const NoQuery = Type.Object({}, strict);
const OwnParams = Type.Object({ lease: Uuid, name: ArtifactName }, strict);
const NeededParams = Type.Object({ lease: Uuid, attempt: Uuid, name: ArtifactName }, strict);

const GONE = "the bytes of this artifact are gone";
const STALE: Told = ["stale_lease", "this lease does not hold"];

type Told = readonly [HttpErrorCode, string];

const STORE_REFUSALS: Readonly<Record<ArtifactRefusal["refused"], Told>> = {
  stale_lease: STALE,
  undeclared: ["invalid_request", "the job of this lease declares no such artifact"],
  artifact_conflict: ["artifact_conflict", "these bytes differ from those acknowledged before"],
  artifact_gap: ["artifact_gap", "bytes before this offset are missing"],
  artifact_closed: ["artifact_closed", "the artifact is closed"],
  artifact_mismatch: ["artifact_mismatch", "size or digest are not those of the bytes stored"],
  too_large: ["too_large", "the attempt's artifacts have reached their limit"],
};

const FETCH_REFUSALS: Readonly<Record<Extract<FetchAnswer, { refused: string }>["refused"], Told>> = {
  stale_lease: STALE,
  not_needed: ["invalid_request", "the job of this lease needs no such artifact"],
  past_end: ["invalid_request", "the offset is past the artifact's end"],
  artifact_gone: ["artifact_gone", GONE],
};

/**
 * The artifact routes of the runner protocol: what an attempt leaves behind, in chunks by offset, and what it
 * reads of attempts before it. Both ask for a live lease. A success means the bytes are durable.
 */
export function registerArtifactIngress(app: FastifyInstance, dependencies: ArtifactDependencies): void {
  app.register(async (scope) => {
    scope.addContentTypeParser<Buffer>(
      "application/octet-stream",
      { parseAs: "buffer" },
      (_request, body, done) => done(null, body),
    );
    registerWrites(scope, dependencies);

    scope.get("/runner/v1/leases/:lease/artifacts/:attempt/:name", async (request, reply) => {
      const { lease, attempt, name } = checked(NeededParams, request.params, "path");
      const { epoch, offset } = checked(PartQuery, request.query, "query");
      const reader = { leaseId: lease, token: leaseToken(request), epoch: Number(epoch) };
      const part = { attempt, name, offset: Number(offset) };
      const answer = await fetchNeeded(dependencies, reader, part).catch((error: unknown) => {
        throw toldOfDamage(request, error);
      });
      return reply.type("application/octet-stream").header("cache-control", "no-store").send(bytesOf(answer));
    });
  });
}

function registerWrites(scope: FastifyInstance, dependencies: ArtifactDependencies): void {
  scope.post(
    "/runner/v1/leases/:lease/artifacts/:name",
    { bodyLimit: ARTIFACT_CHUNK_BYTES_MAX },
    async (request): Promise<ArtifactReply> => {
      const { lease, name } = checked(OwnParams, request.params, "path");
      const { epoch, offset } = checked(PartQuery, request.query, "query");
      const writer = { leaseId: lease, token: leaseToken(request), epoch: Number(epoch), name };
      if (!Buffer.isBuffer(request.body)) {
        throw new HttpError("unsupported_media_type", "a chunk of an artifact is application/octet-stream");
      }
      if (request.body.length === 0) {
        throw new HttpError("invalid_request", "body: a chunk has at least one byte");
      }
      return replyOf(await appendArtifact(dependencies, writer, Number(offset), request.body));
    },
  );

  scope.post("/runner/v1/leases/:lease/artifacts/:name/close", async (request): Promise<ArtifactReply> => {
    const { lease, name } = checked(OwnParams, request.params, "path");
    checked(NoQuery, request.query, "query");
    const { epoch, ...end } = checked(ArtifactCloseRequest, request.body, "body");
    const writer = { leaseId: lease, token: leaseToken(request), epoch, name };
    try {
      return replyOf(await closeArtifact(dependencies, writer, end));
    } catch (error) {
      throw toldOfDamage(request, error);
    }
  });
}

function bytesOf(answer: FetchAnswer): Uint8Array {
  if ("bytes" in answer) {
    return answer.bytes;
  }
  throw new HttpError(...FETCH_REFUSALS[answer.refused]);
}

/** Bytes that rotted do not come back: an answer that says to try again would keep the job waiting for its timeout. */
function toldOfDamage(request: FastifyRequest, error: unknown): unknown {
  if (!(error instanceof ArtifactDamaged)) {
    return error;
  }
  request.log.error({ err: error }, "an artifact cannot be read");
  return new HttpError("artifact_gone", GONE, { cause: error });
}

function replyOf(answer: ArtifactAnswer): ArtifactReply {
  if (!("refused" in answer)) {
    return answer;
  }
  const { refused } = answer;
  const [code, message] = STORE_REFUSALS[refused];
  throw new HttpError(code, message, "acked" in answer ? { acked: answer.acked } : {});
}
