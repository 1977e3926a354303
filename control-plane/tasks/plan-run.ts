import { NO_PINNED } from "../../compiler/index.ts";
import { ForgeError, type Forge, type GitCredentials } from "../../schemas/forge.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { findRunToPlan, type RepositoryRow, type RunToPlan } from "../db/sources.ts";
import { MirrorError } from "../git/mirror-transport.ts";
import type { Mirror } from "../git/mirror.ts";
import { beginPlanning, failPlanning, planLater, storePlan, type CompiledPlan } from "../lifecycle/index.ts";
import { PlannerError, type Planner } from "../planning/planner.ts";
import type { PlanningRequest, PlanningResult } from "../planning/planning-messages.ts";
import type { TaskLog } from "./context.ts";
import { loadPinned, type PinnedContext } from "./pinned-files.ts";

/** Tries to fetch a repository that cannot be reached: with the pauses below, about half an hour. */
const TRIES_MAX = 10;
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 5 * 60_000;
/** A commit that ended two planning processes, or that neither could read, is not given to a third. */
const CRASHES_MAX = 2;

export interface PlanRunContext extends PinnedContext {
  readonly database: Database;
  readonly mirror: Mirror;
  readonly planner: Planner;
  /** null when no GitHub App is configured. */
  readonly github: Forge | null;
  /** Version of this program; part of every plan. */
  readonly version: string;
  readonly log: TaskLog;
}

/** Rounds of bringing files that the files brought before name; the compile allows less depth. */
const PINNED_ROUNDS_MAX = 16;

const AUTHOR = { actor: "control-plane", cause: "planning" };

/**
 * Takes a run from `created` to `queued` with its plan, or to `plan_failed` with why: brings its
 * commits into the mirror, reads and compiles them in another process, stores the result. Repeating it is
 * harmless; what may pass is tried again later.
 */
export async function planRun(context: PlanRunContext, runId: string): Promise<void> {
  const { database, log } = context;
  const run = runId as RunId;
  const begun = await inTransaction(database, (tx) => beginPlanning(tx, AUTHOR, run));
  const source = begun === null ? null : await findRunToPlan(database, run);
  if (begun === null || source === null) {
    return;
  }
  try {
    const result = await compileRun(context, source);
    await store(context, run, result);
  } catch (error) {
    const verdict = verdictOn(error, begun.tries);
    log.warn({ run, tries: begun.tries, err: error, verdict: verdict.kind }, "a run could not be planned");
    await inTransaction(database, async (tx) => {
      if (verdict.kind === "later") {
        await planLater(tx, run, verdict.delayMs);
      } else {
        const { reason, detail } = verdict;
        await failPlanning(tx, AUTHOR, run, { reason, detail, diagnostics: [] });
      }
    });
  }
}

/** The commit is not one of the repository's: an answer of the forge, not a fault. */
class CommitUnreachable extends Error {}

async function compileRun(context: PlanRunContext, source: RunToPlan): Promise<PlanningResult> {
  const { mirror, planner, version } = context;
  const { repository, event, head, base, lastGreen, request } = source;
  const also = [base, lastGreen, event.before, event.pull_request?.target_sha ?? null];
  const fetched = await mirror.fetch({
    repositoryId: repository.id,
    url: repository.cloneUrl,
    credentials: await credentialsFor(context, repository),
    ref: event.ref,
    head,
    also: also.filter((commit) => commit !== null),
    // A person's own repository may name any commit of it, such as one made of the working tree.
    headRule: repository.forge === "local" ? "exists" : "reachable",
  });
  if (fetched.status === "commit_unreachable") {
    throw new CommitUnreachable(fetched.detail);
  }
  const planning: PlanningRequest = {
    repositoryPath: fetched.path,
    event,
    head,
    base,
    lastGreen,
    jobs: request?.jobs ?? [],
    all: request?.all ?? false,
    compilerVersion: version,
  };
  let pinned = NO_PINNED;
  let result = await planner.plan(planning);
  for (let round = 0; result.wanted.length > 0; round += 1) {
    if (round >= PINNED_ROUNDS_MAX) throw new Error("included files name further ones without end");
    pinned = await loadPinned(context, repository, result.wanted, pinned);
    result = await planner.plan({ ...planning, pinned });
  }
  return result;
}

async function credentialsFor(
  { github }: PlanRunContext,
  repository: RepositoryRow,
): Promise<GitCredentials | null> {
  if (repository.forge === "local") {
    return null;
  }
  if (github === null) {
    throw new ForgeError("gone", "no GitHub App is configured any more", null);
  }
  return github.gitCredentials(repository);
}

async function store({ database }: PlanRunContext, run: RunId, result: PlanningResult): Promise<void> {
  const { digest, canonical, diagnostics } = result;
  await inTransaction(database, async (tx) => {
    if (digest === null || canonical === null) {
      const first = diagnostics.find(({ severity }) => severity === "error");
      const reason = first?.code === "DC1001" ? "pipeline_missing" : "pipeline_invalid";
      await failPlanning(tx, AUTHOR, run, { reason, detail: first?.message ?? null, diagnostics });
      return;
    }
    const compiled: CompiledPlan = { plan: JSON.parse(canonical) as Plan, digest, canonical, diagnostics };
    await storePlan(tx, AUTHOR, run, compiled);
  });
}

type Verdict =
  | { readonly kind: "later"; readonly delayMs: number }
  | { readonly kind: "failed"; readonly reason: Reason; readonly detail: string };

/** Whether what went wrong may pass, and if not, what the run ends as. */
function verdictOn(error: unknown, tries: number): Verdict {
  if (error instanceof CommitUnreachable) {
    return { kind: "failed", reason: "commit_unreachable", detail: error.message };
  }
  const pauseMs = Math.min(PAUSE_MS * 2 ** (tries - 1), PAUSE_MS_MAX);
  if (error instanceof MirrorError || error instanceof ForgeError) {
    const passes = !["gone", "forbidden", "rejected"].includes(error.kind) && tries < TRIES_MAX;
    const told = error instanceof ForgeError ? error.retryAfterMs : null;
    return passes
      ? { kind: "later", delayMs: Math.max(pauseMs, told ?? 0) }
      : { kind: "failed", reason: "source_unavailable", detail: error.message };
  }
  if (error instanceof PlannerError && error.kind !== "failed" && tries >= CRASHES_MAX) {
    const reason = error.kind === "unreadable" ? "commit_unreadable" : "internal_error";
    return { kind: "failed", reason, detail: error.message };
  }
  const said = error instanceof PlannerError ? `: ${error.message}` : "";
  return tries < TRIES_MAX
    ? { kind: "later", delayMs: pauseMs }
    : { kind: "failed", reason: "internal_error", detail: `planning failed again and again${said}` };
}
