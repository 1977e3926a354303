import { prose, renderExplain, samePlanCommand } from "../../compiler/render/index.ts";
import type { AttemptView, JobView, RunView } from "../../schemas/api.ts";
import type { Plan } from "../../schemas/plan.ts";
import { REASONS } from "../../schemas/reasons.ts";
import { codeBlock, cutToFit, elapsed, tableRow } from "./markdown.ts";

/** One line: the state and, where something went wrong or waits, why. */
export function jobTitle(job: JobView): string {
  const { state, pending, reason } = job;
  if (state === "skipped") {
    return `Skipped: ${job.because}`;
  }
  if (pending !== null) {
    return `Waiting: ${pending}`;
  }
  const took = elapsed(job.started_at, job.finalized_at);
  if (state === "succeeded" && took !== null) {
    return `Succeeded in ${took}`;
  }
  const why = reason === null || reason === "ok" ? "" : `: ${REASONS[reason].title}`;
  return `${stateText(job)}${why}${why === "" || job.required ? "" : " (not required)"}`;
}

function stateText({ state, started_at }: JobView): string {
  const text = state === "active" ? (started_at === null ? "queued" : "running") : state.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What became of the job, each attempt with its steps, and the record of why it runs or does not. */
export function jobSummary(run: RunView, job: JobView, plan: Plan | null): string {
  const explained = plan === null ? null : renderExplain(plan, job.key, { colour: false });
  const detail = job.reason_detail === null || job.state === "skipped" ? "" : prose(job.reason_detail);
  const parts = [
    `**${prose(jobTitle(job))}.**`,
    detail,
    ...job.attempts.map(attemptText),
    ...(plan === null || explained === null
      ? []
      : [
          "### Why",
          codeBlock(explained),
          `Plan \`${run.plan_digest ?? ""}\`. The same answer on your machine:`,
          codeBlock(samePlanCommand(plan, "explain", job.key)),
        ]),
  ];
  return cutToFit(parts.filter((part) => part !== "").join("\n\n"));
}

function attemptText(attempt: AttemptView): string {
  const { number, state, reason, reason_detail, exit_code, steps } = attempt;
  const why = reason === null || reason === "ok" ? "" : `, ${REASONS[reason].title}`;
  const code = exit_code === null || exit_code === 0 ? "" : ` (exit code ${exit_code})`;
  const told = reason_detail === null ? "" : ` ${prose(reason_detail)}`;
  const head = `Attempt ${number}: ${state.replaceAll("_", " ")}${why}${code}.${told}`;
  if (steps.length === 0) {
    return head;
  }
  const rows = steps.map((step) =>
    tableRow([
      step.name,
      step.state,
      step.exit_code === null ? (step.signal ?? "") : `exit ${step.exit_code}`,
      step.duration_ms === null ? "" : `${(step.duration_ms / 1000).toFixed(1)} s`,
    ]),
  );
  return [head, "", "| step | state | | time |", "|---|---|---|---|", ...rows].join("\n");
}
