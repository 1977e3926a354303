import { acknowledgeLease } from "../../control-plane/lifecycle/heartbeat.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type {
  CancelAckRequest,
  ClaimReply,
  CompleteRequest,
  HeartbeatRequest,
} from "../../schemas/runner-protocol.ts";
import { createWorld, type World } from "./control-plane-world.ts";
import { testJob, testPlan } from "./plans.ts";

export interface Leased {
  readonly world: World;
  readonly run: RunId;
  readonly attempt: AttemptId;
  readonly lease: ClaimReply["lease"];
  readonly sender: { readonly leaseId: string; readonly token: string };
}

export async function dispatched(): Promise<{ world: World; run: RunId; attempt: AttemptId }> {
  const world = await createWorld();
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id: attempt } = await world.attemptOf(run, "a");
  return { world, run, attempt };
}

export async function leased(): Promise<Leased> {
  const { world, run, attempt } = await dispatched();
  const lease = await world.claimed(attempt);
  return { world, run, attempt, lease, sender: { leaseId: lease.id, token: lease.token } };
}

export async function running(): Promise<Leased> {
  const held = await leased();
  await acknowledgeLease(held.world.database, held.sender, { epoch: held.lease.epoch, seq: 1 });
  return held;
}

export function success(epoch: number, seq = 1): CompleteRequest {
  return { epoch, seq, outcome: "succeeded", reason: "ok", exit_code: 0, summary: "", steps: [] };
}

export function beat(epoch: number, changes: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
  return { epoch, seq: 1, phase: "running", steps: [], ...changes };
}

export function stop(epoch: number, killed = false): CancelAckRequest {
  return { epoch, seq: 1, confirmed: "process_group_gone", killed, steps: [] };
}

/** Everything a runner's message could change. */
export async function everything({ database }: World): Promise<string> {
  const [row] = await database<{ all: string }[]>`
    select jsonb_build_array(
      (select jsonb_agg(to_jsonb(r) order by id) from delta.runs r),
      (select jsonb_agg(to_jsonb(j) order by id) from delta.jobs j),
      (select jsonb_agg(to_jsonb(a) order by id) from delta.attempts a),
      (select jsonb_agg(to_jsonb(l) order by id) from delta.leases l),
      (select jsonb_agg(to_jsonb(m) order by seq) from delta.runner_messages m),
      (select jsonb_agg(to_jsonb(e) order by id) from delta.audit_events e))::text as all`;
  return row?.all ?? "";
}
