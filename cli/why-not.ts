import { eventFlags } from "../compiler/event-flags.ts";
import { compile, type CompileInput } from "../compiler/index.ts";
import { displayPath } from "../compiler/paths.ts";
import { decisionsOf, renderExplain, shellCommand } from "../compiler/render/index.ts";
import type { PipelineEvent } from "../schemas/event.ts";
import type { Decision } from "../schemas/plan.ts";
import { compileHere, plannedOf, requireJobs, type CompileRequest } from "./compile-here.ts";
import { talkDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { coloursWanted, writeData } from "./output.ts";
import { otherEvents } from "./other-events.ts";
import { pathThatRuns } from "./path-that-runs.ts";

/** A change that, compiled, runs the job. Null means that part stays as it is. */
export interface WouldRun {
  readonly path: string | null;
  readonly event: PipelineEvent | null;
  readonly because: string;
}

export interface WhyNotAnswer {
  readonly version: 1;
  readonly decisions: readonly Decision[];
  /** Null when the job runs already, or when nothing that was tried would run it. */
  readonly would_run: WouldRun | null;
}

/** Prints what would run a job that does not run. The exit code is 1 without a plan. */
export async function whyNotHere(
  change: Omit<CompileRequest, "jobs" | "all">,
  job: string,
  json: boolean,
): Promise<WhyNotAnswer> {
  const { input, result, sources } = await compileHere({ ...change, jobs: [], all: false });
  const planned = plannedOf(result);
  if (planned === null) {
    if (!json) talkDiagnostics(result.diagnostics, sources);
    process.exitCode = EXIT.findings;
    return { version: 1, decisions: [], would_run: null };
  }
  requireJobs(planned.plan, [job]);
  const decisions = decisionsOf(planned.plan, job);
  const runs = decisions.some(({ outcome }) => outcome === "selected");
  const wouldRun = runs ? null : smallestChange(input, job);
  if (!json) {
    writeData(renderExplain(planned.plan, job, { colour: coloursWanted() }) ?? "");
    if (!runs) writeData(wouldRunText(wouldRun, job));
  }
  return { version: 1, decisions, would_run: wouldRun };
}

/** One more path under this event, else another event, else both; each is proven by compiling it. */
function smallestChange(input: CompileInput, job: string): WouldRun | null {
  const runsWith = (tried: CompileInput): string | null => {
    const { plan } = compile(tried);
    const decision =
      plan === null ? undefined : decisionsOf(plan, job).find(({ outcome }) => outcome === "selected");
    return decision?.because ?? null;
  };
  const path = pathThatRuns(input, runsWith);
  if (path !== null) return { ...path, event: null };
  const events = otherEvents(input.event);
  for (const event of events) {
    const because = runsWith({ ...input, event });
    if (because !== null) return { path: null, event, because };
  }
  for (const event of events) {
    const both = pathThatRuns({ ...input, event }, runsWith);
    if (both !== null) return { ...both, event };
  }
  return null;
}

function wouldRunText(found: WouldRun | null, job: string): string {
  const byName = `By name it runs always: ${shellCommand(["delta", "run", job])}`;
  if (found === null) return `No single change that was tried would run it. ${byName}`;
  const path = found.path === null ? [] : [`a change to ${displayPath(found.path)}`];
  const event =
    found.event === null
      ? []
      : [`the event \`${shellCommand(["delta", "plan", ...eventFlags(found.event)])}\``];
  return `It would run with ${[...path, ...event].join(" and ")}: ${found.because}\n${byName}`;
}
