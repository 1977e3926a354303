import { planMarkdown, prose } from "../../compiler/render/index.ts";
import type { JobView, RunView } from "../../schemas/api.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import type { Plan } from "../../schemas/plan.ts";
import { REASONS } from "../../schemas/reasons.ts";
import { ANNOTATIONS_MAX } from "./annotations.ts";
import { cutToFit, elapsed, SUMMARY_BYTES_MAX, tableRow } from "./markdown.ts";

/** Left for the results above the decision trace, whatever the trace needs. */
const RESULTS_BYTES_MAX = 20_000;
const DIAGNOSTICS_SHOWN_MAX = 20;

/** One line: where the run stands, counted. */
export function runTitle(run: RunView): string {
  if (run.state === "created" || run.state === "planning") {
    return "Planning";
  }
  if (run.state === "plan_failed") {
    return sentence(run.reason_detail ?? why(run) ?? "the plan could not be made");
  }
  const counts = new Map<string, number>();
  for (const { state } of run.jobs) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, jobs]) => `${jobs} ${state}`).join(", ") || "Nothing to run";
}

/** What happened so far, then why: the decision trace with the digest and the command that repeats it. */
export function runSummary(run: RunView, plan: Plan | null): string {
  const parts = [headline(run), diagnosticsText(run.diagnostics), resultsTable(run.jobs)].filter(
    (part) => part !== "",
  );
  const results = cutToFit(parts.join("\n\n"), RESULTS_BYTES_MAX);
  if (plan === null || run.plan_digest === null) {
    return results;
  }
  const bytesMax = SUMMARY_BYTES_MAX - Buffer.byteLength(results) - 100;
  const trace = planMarkdown(plan, { digest: run.plan_digest, bytesMax });
  return cutToFit(`${results}\n\n### What was decided, and why\n\n${trace}`);
}

function headline(run: RunView): string {
  const took = elapsed(run.started_at ?? run.created_at, run.finalized_at);
  const state = run.state.replaceAll("_", " ");
  const because = why(run);
  return `**Run ${run.number} ${state}**${took === null ? "" : ` in ${took}`}${because === null ? "" : `: ${prose(because)}`}.`;
}

function why(run: RunView): string | null {
  if (run.reason === null || run.reason === "ok") {
    return null;
  }
  const { title } = REASONS[run.reason];
  return run.reason_detail === null ? title : `${title} (${run.reason_detail})`;
}

/** Jobs that were given a chance to run; the trace below tells of those that were not. */
function resultsTable(jobs: readonly JobView[]): string {
  const shown = jobs.filter(({ state }) => state !== "skipped");
  if (shown.length === 0) {
    return "";
  }
  const rows = shown.map((job) => {
    const reason = job.reason === null || job.reason === "ok" ? "" : REASONS[job.reason].title;
    const took = elapsed(job.started_at, job.finalized_at) ?? "";
    const tries = job.attempts.length > 1 ? ` after ${job.attempts.length} attempts` : "";
    return tableRow([
      `\`${job.key.replaceAll("`", "'")}\``,
      `${job.state}${tries}`,
      took,
      job.pending ?? reason,
    ]);
  });
  return ["| job | state | time | |", "|---|---|---|---|", ...rows].join("\n");
}

function diagnosticsText(diagnostics: readonly Diagnostic[]): string {
  const lines = diagnostics.slice(0, DIAGNOSTICS_SHOWN_MAX).map((diagnostic) => {
    const { code, severity, message } = diagnostic;
    const { place } = diagnostic as Partial<PlacedDiagnostic>;
    const at =
      place === undefined || place === null ? "" : ` \`${place.file}:${place.line}:${place.column}\``;
    return `- **${severity}** ${code}${at}: ${prose(message)}`;
  });
  const more = diagnostics.length - lines.length;
  const rest = more > 0 ? [`- … and ${more} more; the first ${ANNOTATIONS_MAX} are annotations`] : [];
  return [...lines, ...rest].join("\n");
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
