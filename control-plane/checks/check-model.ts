import { createHash } from "node:crypto";
import type { JobView, RunView } from "../../schemas/api.ts";
import type { CheckRequest } from "../../schemas/forge.ts";
import type { Plan } from "../../schemas/plan.ts";
import { annotationsOf } from "./annotations.ts";
import { jobOutcome, runOutcome } from "./conclusions.ts";
import { jobSummary, jobTitle } from "./job-summary.ts";
import { runSummary, runTitle } from "./run-summary.ts";

/** Names longer than this are cut in the forge's lists; a hash keeps cut names apart. */
const NAME_CHARACTERS_MAX = 200;
const TITLE_CHARACTERS_MAX = 250;
export const RUN_CHECK_NAME = "delta";

/** One check as it should be shown now; `jobId` is null for the run's own. */
export interface DesiredCheck {
  readonly jobId: string | null;
  readonly check: Omit<CheckRequest, "externalId">;
}

/**
 * All checks of a run, from its state alone: one for the run, one per job in the pipeline's order.
 * `pageUrl` is where the run is shown, null when no browser could reach it.
 */
export function desiredChecks(run: RunView, plan: Plan | null, pageUrl: string | null): DesiredCheck[] {
  return [runCheck(run, plan, pageUrl), ...run.jobs.map((job) => jobCheck(run, job, plan, pageUrl))];
}

/** The name of a job's check: what branch protection asks for. */
export function jobCheckName(key: string): string {
  const name = `${RUN_CHECK_NAME} / ${key}`;
  if (name.length <= NAME_CHARACTERS_MAX) {
    return name;
  }
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return `${name.slice(0, NAME_CHARACTERS_MAX)}… ${hash}`;
}

function runCheck(run: RunView, plan: Plan | null, pageUrl: string | null): DesiredCheck {
  return {
    jobId: null,
    check: {
      name: RUN_CHECK_NAME,
      headSha: run.head,
      ...runOutcome(run),
      startedAt: run.started_at,
      completedAt: run.finalized_at,
      detailsUrl: pageUrl,
      title: cutTitle(runTitle(run)),
      summary: runSummary(run, plan),
      text: null,
      annotations: annotationsOf(run.diagnostics),
    },
  };
}

function jobCheck(run: RunView, job: JobView, plan: Plan | null, pageUrl: string | null): DesiredCheck {
  return {
    jobId: job.id,
    check: {
      name: jobCheckName(job.key),
      headSha: run.head,
      ...jobOutcome(job),
      startedAt: job.started_at,
      completedAt: job.finalized_at,
      detailsUrl: pageUrl === null ? null : `${pageUrl}#job-${job.id}`,
      title: cutTitle(jobTitle(job)),
      summary: jobSummary(run, job, plan),
      text: null,
      annotations: [],
    },
  };
}

function cutTitle(title: string): string {
  return title.length <= TITLE_CHARACTERS_MAX ? title : `${title.slice(0, TITLE_CHARACTERS_MAX - 1)}…`;
}
