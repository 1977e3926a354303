import { newId } from "../clock.ts";
import type { Transaction } from "../db/client.ts";
import { wakeAll, wakeRun } from "../db/enqueue.ts";
import { lockRun } from "../db/state-change.ts";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { JobId, PlanDigest, RunId } from "../../schemas/ids.ts";
import { TIMEOUT_MS_MAX } from "../../schemas/limits.ts";
import type { Decision, Plan } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { JobState } from "../../schemas/states.ts";
import { after, withChange, type Author, type Change } from "./change.ts";
import { moveRun } from "./transition.ts";

/** A plan as the compiler returned it, with the text its digest was taken of. */
export interface CompiledPlan {
  readonly plan: Plan;
  readonly digest: PlanDigest;
  readonly canonical: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Stores the plan and its jobs, and takes the run from `planning` to `queued`. Jobs that the plan
 * does not run are ended here, at once, so that their checks conclude. False when the run is no
 * longer being planned, as when it was canceled meanwhile; nothing is stored then.
 */
export async function storePlan(
  tx: Transaction,
  author: Author,
  runId: RunId,
  compiled: CompiledPlan,
): Promise<boolean> {
  return withChange(tx, author, async (change) => {
    const run = await lockRun(tx, runId);
    if (run?.state !== "planning") {
      return false;
    }
    const { plan, digest, canonical, diagnostics } = compiled;
    await tx`
      insert into delta.plans (digest, canonical, compiler) values (${digest}, ${canonical}, ${plan.compiler})
      on conflict (digest) do nothing`;
    await insertJobs(change, runId, plan);
    await moveRun(change, {
      id: runId,
      run: runId,
      from: "planning",
      to: "queued",
      columns: {
        plan_digest: digest,
        base_sha: plan.changes.base,
        diagnostics: tx.json(diagnostics as never),
        planned_at: new Date(change.now),
        deadline_at: after(change, plan.limits.max_runtime_ms ?? TIMEOUT_MS_MAX),
        concurrency_group: plan.concurrency?.group ?? null,
        yields: plan.limits.cancel_superseded,
        queues_apart: plan.concurrency !== null || plan.limits.max_concurrency !== null,
      },
    });
    change.unsettled.add(runId);
    // Older runs may have to make way for it, even if nothing of it has to run.
    change.wakes.push(wakeAll("admit-attempts"));
    return true;
  });
}

/** Ends a run whose plan could not be made. False when it is no longer being planned. */
export async function failPlanning(
  tx: Transaction,
  author: Author,
  runId: RunId,
  failure: {
    readonly reason: Reason;
    readonly detail: string | null;
    readonly diagnostics: readonly Diagnostic[];
  },
): Promise<boolean> {
  return withChange(tx, author, async (change) => {
    const run = await lockRun(tx, runId);
    if (run?.state !== "planning") {
      return false;
    }
    return moveRun(change, {
      id: runId,
      run: runId,
      from: "planning",
      to: "plan_failed",
      reason: failure.reason,
      detail: failure.detail,
      columns: { diagnostics: tx.json(failure.diagnostics as never) },
    });
  });
}

/** Puts off the next try to plan a run, after a failure that may pass. */
export async function planLater(tx: Transaction, runId: RunId, delayMs: number): Promise<void> {
  await withChange(tx, { actor: "control-plane", cause: "planning put off" }, async (change) => {
    await tx`
      update delta.runs set wake_at = ${after(change, delayMs)}
      where id = ${runId} and state in ('created', 'planning')`;
    change.wakes.push(wakeRun("plan-run", runId, delayMs));
  });
}

const STATE_OF_DECISION = {
  selected: { state: "waiting", reason: null },
  skipped: { state: "skipped", reason: "not_selected" },
  blocked: { state: "blocked", reason: "need_skipped" },
} as const satisfies Record<Decision["outcome"], { state: JobState; reason: Reason | null }>;

function startOf({ outcome, clause }: Decision): {
  readonly state: JobState;
  readonly reason: Reason | null;
} {
  return clause === "trust" ? { state: "blocked", reason: "withheld_from_fork" } : STATE_OF_DECISION[outcome];
}

async function insertJobs(change: Change, runId: RunId, plan: Plan): Promise<void> {
  const { tx } = change;
  const rows = plan.decisions.map((decision, position) => {
    const { state, reason } = startOf(decision);
    return {
      id: newId<JobId>(),
      key: decision.key,
      position,
      required: decision.required,
      state,
      reason,
      detail: reason === null ? null : decision.because,
    };
  });
  await tx`
    with inserted as (
      insert into delta.jobs (id, run_id, key, position, required, state, reason, reason_detail, finalized_at)
      select id, ${runId}, key, position, required, state, reason, detail,
        case when reason is null then null else ${new Date(change.now)}::timestamptz end
      from jsonb_to_recordset(${tx.json(rows)}) as row (
        id uuid, key text, position int, required boolean, state text, reason text, detail text)
      returning id, state)
    insert into delta.audit_events (entity, entity_id, seq, from_state, to_state, actor, cause)
    select 'job', id, 1, null, state, ${change.actor}, ${change.cause} from inserted`;
}
