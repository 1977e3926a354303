import type { Database } from "../db/client.ts";
import { extendLeaseIfHeld, type HeldLease } from "../db/leases.ts";
import { readPlan } from "../db/plans.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import type {
  AckReply,
  AckRequest,
  HeartbeatReply,
  HeartbeatRequest,
} from "../../schemas/runner-protocol.ts";
import type { AttemptState } from "../../schemas/states.ts";
import type { Change } from "./change.ts";
import type { LeaseTiming } from "./lease-timing.ts";
import { receiveMessage, type MessageAnswer } from "./runner-message.ts";
import { moveAttempt, moveLease } from "./transition.ts";

interface Sender {
  readonly leaseId: string;
  readonly token: string;
}

/** The runner has its lease and begins. Repeated under another number it changes nothing more. */
export async function acknowledgeLease(
  database: Database,
  sender: Sender,
  body: AckRequest,
): Promise<MessageAnswer<AckReply>> {
  const { epoch, seq } = body;
  return receiveMessage(
    database,
    { ...sender, epoch, seq, type: "ack", body },
    {
      changesRun: () => true,
      carryOut: async (change, lease) => {
        if (lease.state === "granted") {
          const { id, runId: run, attemptId } = lease;
          await moveLease(change, { id, run, from: "granted", to: "active", epoch });
          if (lease.attemptState === "leased") {
            const columns = { started_at: new Date(change.now) };
            await moveAttempt(change, { id: attemptId, run, from: "leased", to: "starting", epoch, columns });
          }
        }
        return { status: "ok", reply: { status: "ok" } };
      },
    },
  );
}

/** How far an attempt has come; a phase never goes back. */
const PHASES: readonly AttemptState[] = ["starting", "running", "uploading"];

/** Extends the lease and keeps what the runner tells of its progress. The answer carries a stop that was asked for. */
export async function takeHeartbeat(
  database: Database,
  sender: Sender,
  body: HeartbeatRequest,
  timing: LeaseTiming,
): Promise<MessageAnswer<HeartbeatReply>> {
  const { epoch, seq } = body;
  return receiveMessage(
    database,
    { ...sender, epoch, seq, type: "heartbeat", body },
    {
      changesRun: (lease) => isNews(lease, body),
      carryOut: async (change, lease, { overtaken, runLocked }) => {
        if (lease.state === "granted") {
          return { status: "order", message: "a lease is acknowledged before its first heartbeat" };
        }
        if (!(await extendLeaseIfHeld(change.tx, lease, timing.ttlMs))) {
          return { status: "stale_lease" };
        }
        // News that came up since the run was not locked is told again by the next heartbeat.
        if (!overtaken && runLocked && isNews(lease, body)) {
          await keepProgress(change, lease, body);
        }
        return { status: "ok", reply: await answerTo(change, lease, timing) };
      },
    },
  );
}

function isNews(lease: HeldLease, { phase, steps }: HeartbeatRequest): boolean {
  return isForward(lease.attemptState, phase) || JSON.stringify(lease.steps) !== JSON.stringify(steps);
}

function isForward(state: AttemptState, phase: HeartbeatRequest["phase"]): boolean {
  return PHASES.includes(state) && PHASES.indexOf(phase) > PHASES.indexOf(state);
}

async function keepProgress(change: Change, lease: HeldLease, body: HeartbeatRequest): Promise<void> {
  const { attemptId: id, runId: run, epoch } = lease;
  await change.tx`
    update delta.attempts set steps = ${change.tx.json(body.steps)} where id = ${id} and epoch = ${epoch}`;
  change.touched.add(run);
  if (isForward(lease.attemptState, body.phase)) {
    await moveAttempt(change, { id, run, from: lease.attemptState, to: body.phase, epoch });
  }
}

async function answerTo(change: Change, lease: HeldLease, timing: LeaseTiming): Promise<HeartbeatReply> {
  if (lease.attemptState !== "cancel_requested") {
    return { status: "extended", ttl_ms: timing.ttlMs };
  }
  const job = plannedJob(await readPlan(change.tx, lease.planDigest), lease.jobKey);
  return {
    status: "cancel",
    reason: lease.cancelReason ?? "canceled_by_user",
    ttl_ms: timing.ttlMs,
    grace_ms: job.cancel.grace_ms,
  };
}
