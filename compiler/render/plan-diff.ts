import type { Decision, Plan, PlanJob } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
import { jobIdOf } from "../plan/find-decisions.ts";
import { counted, named } from "../selection/sentence.ts";
import { fewAlike } from "./few-alike.ts";
import { styler, type TextStyle } from "./text-style.ts";

/** What one pipeline plans and another does not, for the same event and the same changes. */
export interface PlanDiff {
  readonly version: 1;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly changed: readonly ChangedJob[];
}

export interface ChangedJob {
  readonly key: string;
  /** Set when the decision differs. */
  readonly decision: {
    readonly before: Decision["outcome"];
    readonly after: Decision["outcome"];
    readonly because: string;
  } | null;
  /** Names of the plan job's fields whose values differ, when both plans run it. */
  readonly fields: readonly string[];
}

/** Fields that say where a job is written, not what it does. */
const PLACE_FIELDS: ReadonlySet<string> = new Set(["place"]);

export function planDiff(before: Plan, after: Plan): PlanDiff {
  const earlier = new Map(before.decisions.map((decision) => [decision.key, decision]));
  const later = new Map(after.decisions.map((decision) => [decision.key, decision]));
  const jobsBefore = new Map(before.jobs.map((job) => [job.key, job]));
  const jobsAfter = new Map(after.jobs.map((job) => [job.key, job]));
  const changed = after.decisions.flatMap((decision) => {
    const old = earlier.get(decision.key);
    if (old === undefined) return [];
    const flip =
      old.outcome === decision.outcome
        ? null
        : { before: old.outcome, after: decision.outcome, because: decision.because };
    const fields = changedFields(jobsBefore.get(decision.key), jobsAfter.get(decision.key));
    return flip === null && fields.length === 0 ? [] : [{ key: decision.key, decision: flip, fields }];
  });
  return {
    version: 1,
    gained: after.decisions.flatMap(({ key }) => (earlier.has(key) ? [] : [key])),
    lost: before.decisions.flatMap(({ key }) => (later.has(key) ? [] : [key])),
    changed,
  };
}

function changedFields(before: PlanJob | undefined, after: PlanJob | undefined): readonly string[] {
  if (before === undefined || after === undefined) return [];
  const old: Readonly<Record<string, unknown>> = { ...before };
  return Object.entries(after)
    .filter(([name, value]) => !PLACE_FIELDS.has(name) && comparable(value) !== comparable(old[name]))
    .map(([name]) => name);
}

function comparable(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => (PLACE_FIELDS.has(key) ? undefined : item)) ?? "";
}

interface Difference {
  readonly mark: "+" | "-" | "~";
  readonly key: string;
  readonly text: string;
}

const MARKS = { "+": "green", "-": "red", "~": "yellow" } as const satisfies Record<string, TextStyle>;

/** Nothing when the two plans are the same. Instances of a job that differ alike are counted, unless `full`. */
export function renderPlanDiff(
  diff: PlanDiff,
  { colour, full = true }: { readonly colour: boolean; readonly full?: boolean },
): string {
  const style = styler(colour);
  const all: readonly Difference[] = [
    ...diff.gained.map((key) => ({ mark: "+", key, text: "" }) as const),
    ...diff.lost.map((key) => ({ mark: "-", key, text: "" }) as const),
    ...diff.changed.map((changed) => ({ mark: "~", key: changed.key, text: changeText(changed) }) as const),
  ];
  const shown = full ? all : fewAlike(all, ({ mark, key }) => `${mark} ${jobIdOf(key)}`);
  const lines = shown.map((row) => {
    const { mark, key, text } = "more" in row ? row.like : row;
    const what =
      "more" in row
        ? `… ${counted(row.more, "more instance")} of ${named(jobIdOf(key))}`
        : `${style("bold", displayText(key))}${text === "" ? "" : `  ${text}`}`;
    return `${style(MARKS[mark], mark)} ${what}\n`;
  });
  return `${lines.join("")}${shown.length === all.length ? "" : style("dim", "--full lists every job\n")}`;
}

function changeText({ decision, fields }: ChangedJob): string {
  const flip = decision === null ? [] : [`${decision.before} → ${decision.after}: ${decision.because}`];
  const differs = fields.length === 0 ? [] : [`differs in ${fields.join(", ")}`];
  return [...flip, ...differs].join("; ");
}
