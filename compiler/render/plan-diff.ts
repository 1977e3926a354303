import type { Decision, Plan, PlanJob } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
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

/** Nothing when the two plans are the same. */
export function renderPlanDiff(diff: PlanDiff, options: { readonly colour: boolean }): string {
  const style = styler(options.colour);
  const line = (mark: string, colour: TextStyle, key: string, text: string): string =>
    `${style(colour, mark)} ${style("bold", displayText(key))}${text === "" ? "" : `  ${text}`}\n`;
  const lines = [
    ...diff.gained.map((key) => line("+", "green", key, "")),
    ...diff.lost.map((key) => line("-", "red", key, "")),
    ...diff.changed.map(({ key, decision, fields }) => {
      const flip = decision === null ? [] : [`${decision.before} → ${decision.after}: ${decision.because}`];
      const differs = fields.length === 0 ? [] : [`differs in ${fields.join(", ")}`];
      return line("~", "yellow", key, [...flip, ...differs].join("; "));
    }),
  ];
  return lines.join("");
}
