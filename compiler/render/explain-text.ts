import type { Place } from "../../schemas/diagnostic.ts";
import type { Decision, DependencyHop, Plan, PlanJob } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
import { findDecisions, jobIdOf } from "../plan/find-decisions.ts";
import { counted } from "../selection/sentence.ts";
import { shellCommand } from "./shell-command.ts";
import { styler, type StyleText } from "./text-style.ts";

const HEADLINES = {
  selected: "runs",
  blocked: "is blocked",
  skipped: "does not run",
} as const satisfies Record<Decision["outcome"], string>;

const CLAUSES: Readonly<Record<Decision["clause"], string>> = {
  always: "no condition",
  if: "if",
  changes: "changes",
  components: "components",
  rule: "rules",
  on: "on",
  needs: "needs",
  doubt: "doubt",
  trust: "trust",
  request: "your request",
};

/** Instances of one job that are told in full; more of them are better asked for one by one. */
const INSTANCES_SHOWN = 5;
/** Rows of one kind in an explanation; what is left out says no more than what is there. */
const ROWS_SHOWN = 5;

/** The decisions for a job id (every cell of its matrix) or for one key; null when there is none. */
export function renderExplain(plan: Plan, job: string, options: { readonly colour: boolean }): string | null {
  const decisions = findDecisions(plan, job);
  if (decisions.length === 0) return null;
  const style = styler(options.colour);
  const shown = decisions.slice(0, INSTANCES_SHOWN).map((decision) => explainOne(decision, plan, style));
  const more = decisions[INSTANCES_SHOWN];
  if (more !== undefined) {
    const left = decisions.length - INSTANCES_SHOWN;
    const one = shellCommand(["delta", "explain", more.key]);
    shown.push(`${counted(left, "more instance")}; ${style("dim", "one of them:")} ${one}`);
  }
  return `${shown.join("\n\n")}\n`;
}

function explainOne(decision: Decision, plan: Plan, style: StyleText): string {
  const { key, outcome, because, clause, place, required } = decision;
  const job = plan.jobs.find((planned) => planned.key === key) ?? null;
  const rows: (readonly [string, string])[] = [
    ["decided by", `${CLAUSES[clause]}, ${placeText(place)}`],
    ...matchRows(decision),
    ...decision.chain.map((hop): readonly [string, string] => ["depends on", hopText(hop)]),
    ...(decision.expression === null ? [] : [["if", displayText(decision.expression)] as const]),
    ...decision.values.map(({ name, value }): readonly [string, string] => [
      "read",
      `${displayText(name)} = ${displayText(JSON.stringify(value))}`,
    ]),
    ...plan.uncertain
      .filter(({ code }) => decision.uncertain.includes(code))
      .map(({ code, detail }): readonly [string, string] => ["doubt", `${code}: ${displayText(detail)}`]),
    ...decision.set.map(({ key, place }): readonly [string, string] => [
      "sets",
      `${displayText(key)}, ${placeText(place)}`,
    ]),
    ...(job?.start === "manual"
      ? [["starts", "by hand, when somebody who may start runs says so"] as const]
      : []),
    ...needRows(job),
    ["required", required ? "yes" : "no"],
  ];
  const head = `${style("bold", displayText(key))} ${HEADLINES[outcome]}: ${because}`;
  return [head, ...rows.map(([name, value]) => `  ${style("dim", name.padEnd(11))} ${value}`)].join("\n");
}

/** The sentence above has counted what is left out. */
function matchRows({ matched }: Decision): readonly (readonly [string, string])[] {
  const rows = matched
    .slice(0, ROWS_SHOWN)
    .map(({ path, glob, place }): readonly [string, string] => [
      "path",
      `${displayText(path)} matches ${displayText(glob)}, ${placeText(place)}`,
    ]);
  return matched.length > ROWS_SHOWN ? [...rows, ["", "and others"]] : rows;
}

/** What the job waits for; of many instances of one job, the first few. */
function needRows(job: PlanJob | null): readonly (readonly [string, string])[] {
  const byId = Map.groupBy(job?.needs ?? [], ({ job: key }) => jobIdOf(key));
  return [...byId].flatMap(([id, needs]) => {
    const rows = needs
      .slice(0, ROWS_SHOWN)
      .map((need): readonly [string, string] => ["after", `${displayText(need.job)} (${need.when})`]);
    const left = needs.length - rows.length;
    return left === 0 ? rows : [...rows, ["", `and ${counted(left, "more instance")} of ${displayText(id)}`]];
  });
}

function hopText({ from, to, edge, place }: DependencyHop): string {
  const at = place === null ? "" : `, ${placeText(place)}`;
  return `${displayText(from)} → ${displayText(to)} (${edge}${at})`;
}

export function placeText({ file, line, column }: Place): string {
  return `${displayText(file)}:${line}:${column}`;
}
