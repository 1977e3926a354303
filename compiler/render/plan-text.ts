import type { Uncertainty } from "../../schemas/changes.ts";
import type { Decision, DecisionOutcome, Plan } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
import { counted, named } from "../selection/sentence.ts";
import { type PlanRow, planRows } from "./plan-rows.ts";
import { padEnd, styler, type StyleText, type TextStyle, widest, wrapped } from "./text-style.ts";

export interface RenderOptions {
  readonly digest: string;
  readonly colour: boolean;
  /** The changed paths were made up, so that no server makes this plan. */
  readonly hypothetical?: boolean;
  /** List every job, however many there are. */
  readonly full?: boolean;
  /** Width of the terminal that reasons are to keep to; null for a reader without one. */
  readonly columns?: number | null;
}

export const OUTCOME_WORDS = { selected: "run", blocked: "block", skipped: "skip" } as const satisfies Record<
  DecisionOutcome,
  string
>;

const OUTCOME_STYLES = { selected: "green", blocked: "yellow", skipped: "dim" } as const satisfies Record<
  DecisionOutcome,
  TextStyle
>;

/** A job name takes at most this many columns of the table; a longer one pushes its own line only. */
const NAME_COLUMNS_MAX = 40;

/** What runs, what does not, and why: one line for each job, and one for many like it unless `full`. */
export function renderPlan(
  plan: Plan,
  { digest, colour, hypothetical = false, full = false, columns = null }: RenderOptions,
): string {
  const style = styler(colour);
  const rows = planRows(plan, full);
  const width = Math.min(
    NAME_COLUMNS_MAX,
    widest(rows.map(({ decision }) => displayText(decision?.key ?? ""))),
  );
  const lines = rows.map((row) => rowLine(row, { width, columns }, style));
  const isWhole = rows.every(({ more }) => more === null);
  const doubts = plan.uncertain.map((doubt) => doubtLine(doubt, style));
  return [
    ...header(plan, hypothetical, style),
    "",
    ...lines,
    ...(isWhole ? [] : [style("dim", "  --full lists every job")]),
    ...(doubts.length === 0 ? [] : ["", ...doubts]),
    "",
    `${countJobs(plan)}. ${hypothetical ? "Hypothetical plan, which no server makes:" : "Plan"} ${digest}`,
    "",
  ].join("\n");
}

interface Layout {
  /** Columns of the jobs' names. */
  readonly width: number;
  readonly columns: number | null;
}

function rowLine({ outcome, decision, more }: PlanRow, layout: Layout, style: StyleText): string {
  if (decision !== null) return jobLine(decision, layout, style);
  if (more === null) return "";
  const what =
    more.job === null
      ? counted(more.count, "more job")
      : `${counted(more.count, "more instance")} of ${named(more.job)}`;
  return `  ${style(OUTCOME_STYLES[outcome], padEnd(OUTCOME_WORDS[outcome], 5))}  … ${what}`;
}

function jobLine(
  { key, outcome, because, required }: Decision,
  { width, columns }: Layout,
  style: StyleText,
): string {
  const name = padEnd(displayText(key), width);
  const word = style(OUTCOME_STYLES[outcome], padEnd(OUTCOME_WORDS[outcome], 5));
  const optional = required ? "" : style("dim", " (not required)");
  return `  ${word}  ${style("bold", name)}  ${wrapped(because, columns, widest([name]) + 11)}${optional}`;
}

function doubtLine({ code, detail, added }: Uncertainty, style: StyleText): string {
  const what = added.includes("*") ? "; it adds everything" : "";
  return `${style("yellow", "doubt")} ${code}: ${displayText(detail)}${what}`;
}

function header(plan: Plan, hypothetical: boolean, style: StyleText): readonly string[] {
  const { pipeline, event, changes, components } = plan;
  const affected = `${components.affected.length} of ${counted(components.total, "component")} affected`;
  const changed =
    changes.base === null
      ? "no base, everything counts as changed"
      : `${counted(changes.total, "path")} changed`;
  return [
    `${style("bold", displayText(pipeline.name))} ${pipeline.file}, ${eventText(plan)} at ${event.head.slice(0, 12)}`,
    `${hypothetical ? `as if ${changed}` : `${changed}${baseText(plan)}`}; ${affected}`,
  ];
}

/** `push to main`, `pull request 7 into main`. */
export function eventText({ event }: Plan): string {
  const short = (ref: string): string => displayText(ref.replace(/^refs\/(?:heads|tags)\//, ""));
  if (event.pull_request !== null) {
    return `pull request ${event.pull_request.number} into ${short(event.pull_request.target_ref)}`;
  }
  // A detached head is on no branch: its ref is the commit, which is named beside.
  if (!event.ref.startsWith("refs/")) return event.kind;
  return event.kind === "push" ? `push to ${short(event.ref)}` : `${event.kind} for ${short(event.ref)}`;
}

function baseText({ changes }: Plan): string {
  if (changes.base === null) return "";
  const base = changes.merge_base ?? changes.base;
  return ` since ${base.slice(0, 12)} (${changes.rule})`;
}

/** `2 jobs run, 1 is blocked, 3 are skipped`. */
export function countJobs({ jobs, decisions }: Plan): string {
  const parts = [`${counted(jobs.length, "job")} ${jobs.length === 1 ? "runs" : "run"}`];
  for (const outcome of ["blocked", "skipped"] as const) {
    const count = decisions.filter((decision) => decision.outcome === outcome).length;
    if (count > 0) parts.push(`${count} ${count === 1 ? "is" : "are"} ${outcome}`);
  }
  return parts.join(", ");
}
