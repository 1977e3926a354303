import { jobIdOf } from "../../compiler/plan/find-decisions.ts";
import { fewAlike } from "../../compiler/render/few-alike.ts";
import type { AttemptView, JobView, RunView } from "../../schemas/api.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import {
  isTerminal,
  JOB_TRANSITIONS,
  RUN_TRANSITIONS,
  type JobState,
  type RunState,
} from "../../schemas/states.ts";
import { elapsedText } from "../duration-text.ts";
import { columnsOf, paint } from "../output.ts";
import { tableText } from "../table.ts";
import { terminalText } from "../terminal-text.ts";

type Stream = NodeJS.WriteStream;

const JOB_MARKS: Readonly<Record<JobState, { mark: string; style: Parameters<typeof paint>[0] }>> = {
  waiting: { mark: "·", style: "dim" },
  active: { mark: "▸", style: "cyan" },
  succeeded: { mark: "✓", style: "green" },
  failed: { mark: "✗", style: "red" },
  timed_out: { mark: "✗", style: "red" },
  canceled: { mark: "⊘", style: "yellow" },
  blocked: { mark: "⊘", style: "yellow" },
  skipped: { mark: "–", style: "dim" },
};

const RUN_STYLES: Readonly<Record<RunState, Parameters<typeof paint>[0]>> = {
  created: "cyan",
  planning: "cyan",
  queued: "cyan",
  running: "cyan",
  cancel_requested: "yellow",
  canceled: "yellow",
  succeeded: "green",
  failed: "red",
  plan_failed: "red",
  timed_out: "red",
};

export function runEnded(run: Pick<RunView, "state">): boolean {
  return isTerminal(RUN_TRANSITIONS, run.state);
}

export function jobEnded(job: Pick<JobView, "state">): boolean {
  return isTerminal(JOB_TRANSITIONS, job.state);
}

export function stateText(state: RunState, stream: Stream): string {
  return paint(RUN_STYLES[state], state.replaceAll("_", " "), stream);
}

function words(text: string): string {
  return terminalText(text, { colours: false }).replaceAll(/\s+/g, " ");
}

/** The reason in words with its detail; for a job that ended well, why the plan selected it. */
function whyText(job: JobView): string {
  if (job.pending !== null && !jobEnded(job)) return words(job.pending);
  if (job.state === "active") return words(activity(job.attempts.at(-1)));
  if (job.reason === null || job.reason === "ok" || job.reason === "not_selected") return words(job.because);
  return words(reasonText(job.reason, job.reason_detail));
}

export function reasonText(reason: Reason, detail: string | null): string {
  return detail === null || detail === "" ? REASONS[reason].title : `${REASONS[reason].title}: ${detail}`;
}

function activity(attempt: AttemptView | undefined): string {
  if (attempt === undefined) return "";
  if (attempt.pending !== null) return attempt.pending;
  const running = attempt.steps.find((step) => step.state === "running");
  return running === undefined
    ? attempt.state.replaceAll("_", " ")
    : `step ${running.index + 1}: ${running.name}`;
}

/** One line per job for a progress display: mark, key, time, what it is doing or why it ended so. */
export function jobLine(job: JobView, nowMs: number, stream: Stream): string {
  const { mark, style } = JOB_MARKS[job.state];
  const time = elapsedText(job.started_at, job.finalized_at, nowMs);
  const retried = job.attempts.length > 1 ? ` (attempt ${job.attempts.length})` : "";
  const parts = [
    paint(style, mark, stream),
    words(job.key) + retried,
    paint("dim", time, stream),
    whyText(job),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** The jobs with their states, times and reasons: every one when `full`, on a terminal else the first of many alike. */
export function jobsTable(run: RunView, nowMs: number, stream: Stream, full = false): string {
  const all = full || !stream.isTTY;
  const shown = all ? run.jobs : fewAlike(run.jobs, ({ key, state }) => `${state} ${jobIdOf(key)}`);
  const rows = shown.map((row) => {
    const job = "more" in row ? row.like : row;
    const { mark, style } = JOB_MARKS[job.state];
    const state = paint(style, `${mark} ${job.state.replaceAll("_", " ")}`, stream);
    if ("more" in row) return [state, `… ${row.more} more of ${words(jobIdOf(job.key))}`];
    const attempts = job.attempts.length > 1 ? String(job.attempts.length) : "";
    return [
      state,
      words(job.key),
      elapsedText(job.started_at, job.finalized_at, nowMs),
      attempts,
      whyText(job),
    ];
  });
  const table = tableText(["STATE", "JOB", "TIME", "TRIES", "WHY"], rows, columnsOf(stream));
  return shown.length === run.jobs.length ? table : `${table}\n--full lists every job`;
}

/** `run 12 failed in 14 s: a required job did not succeed`. */
export function runLine(run: RunView, nowMs: number, stream: Stream): string {
  const time = elapsedText(run.created_at, run.finalized_at, nowMs);
  const why =
    run.reason === null || run.reason === "ok" ? "" : `: ${words(reasonText(run.reason, run.reason_detail))}`;
  return `run ${run.number} ${stateText(run.state, stream)} ${runEnded(run) ? "in" : "for"} ${time}${why}`;
}
