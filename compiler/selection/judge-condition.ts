import type { Span } from "../../schemas/diagnostic.ts";
import type { ValueRead } from "../../schemas/plan.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { evaluateExpression, type Scope } from "../expressions/index.ts";
import type { ConditionModel, GlobList, IfModel } from "../language/model.ts";
import { affectedClause, chainOf } from "./affected-chain.ts";
import type { ChangeFacts } from "./change-facts.ts";
import type { Doubt } from "./doubt.ts";
import type { GlobLists } from "./path-lists.ts";
import { counted, listNames, named } from "./sentence.ts";
import { type Verdict, verdict } from "./verdict.ts";

/** What every condition of one plan is judged by. */
export interface Judging {
  readonly facts: ChangeFacts;
  readonly lists: GlobLists;
  readonly report: Report;
  /** True when a person asked for every job, whatever changed. */
  readonly all: boolean;
}

/** What belongs to the job whose condition it is. */
export interface JobView {
  readonly scope: Scope;
  /** Where the job is written, for a job without a condition. */
  readonly span: Span;
  /** Why its path and component conditions say nothing; null when they do. */
  readonly doubt: Doubt | null;
}

/** `if` has to hold, and of `changes` and `components`, when they are written, one has to. */
export function judgeCondition(condition: ConditionModel | null, judging: Judging, job: JobView): Verdict {
  if (condition === null) return verdict("selected", "always", "it has no condition", job.span);
  const test = condition.if === null ? null : judgeIf(condition.if, judging, job);
  if (test?.outcome === "skipped") return test;
  const change = judgeChange(condition, judging, job);
  if (test === null) return change ?? verdict("selected", "always", "it has no condition", job.span);
  if (change === null) return test;
  return { ...change, expression: test.expression, values: test.values };
}

function judgeIf(condition: IfModel, { report, facts, all }: Judging, { scope, doubt }: JobView): Verdict {
  const { value, reads, problem } = evaluateExpression(condition.expression, scope);
  const evidence = { expression: condition.source, values: reads };
  const source = named(condition.source);
  if (problem !== null) {
    report.add("DC1308", problem.span, `${source} cannot be worked out: ${problem.message}`);
    return verdict("selected", "if", `${source} cannot be worked out`, condition.span, evidence);
  }
  if (value === true) return verdict("selected", "if", `${source} is true`, condition.span, evidence);
  const unsure = doubt ?? facts.doubt;
  if (reads.some(({ name }) => readsChanges(name)) && (all || unsure !== null)) {
    return unsure === null
      ? verdict("selected", "request", "every job was asked for", condition.span, evidence)
      : verdict("selected", "doubt", unsure.because, condition.span, {
          ...evidence,
          uncertain: [unsure.code],
        });
  }
  return verdict("skipped", "if", `${source} is false${valueClause(reads)}`, condition.span, evidence);
}

function readsChanges(name: string): boolean {
  return name === "changes" || name.startsWith("changes.");
}

function valueClause(reads: readonly ValueRead[]): string {
  const shown = reads.slice(0, 3).map(({ name, value }) => `${named(name)} is ${named(String(value))}`);
  return shown.length === 0 ? "" : ` (${shown.join(", ")})`;
}

/** Null when neither `changes` nor `components` is written. */
function judgeChange(condition: ConditionModel, judging: Judging, job: JobView): Verdict | null {
  const { changes, components } = condition;
  if (changes === null && components === null) return null;
  const span = changes?.span ?? components?.span ?? condition.span;
  if (judging.all) return verdict("selected", "request", "every job was asked for", span);
  const byPath = changes === null ? null : judgePaths(changes, judging);
  if (byPath?.outcome === "selected" && byPath.clause === "changes") return byPath;
  const byComponent = components === null ? null : judgeComponents(components, judging);
  if (byComponent?.outcome === "selected" && byComponent.clause === "components") return byComponent;
  const doubt = judging.facts.doubt ?? job.doubt;
  if (doubt !== null) return verdict("selected", "doubt", doubt.because, span, { uncertain: [doubt.code] });
  if (byPath?.outcome === "selected") return byPath;
  if (byComponent?.outcome === "selected") return byComponent;
  const [first, second] = [byPath, byComponent].filter((one) => one !== null);
  if (first === undefined) return null;
  return second === undefined ? first : { ...first, because: `${first.because}, and ${second.because}` };
}

function judgePaths(changes: GlobList, { facts, lists }: Judging): Verdict {
  const list = lists.of(changes);
  const { total, first } = facts.matcher.of(list);
  const [match] = first;
  if (match !== undefined) {
    const more =
      total === 1
        ? ""
        : `, and so ${total === 2 ? "does" : "do"} ${counted(total - 1, "other changed path")}`;
    const because = `${named(match.path)} matches ${named(match.glob)}${more}`;
    return verdict("selected", "changes", because, match.span, { matched: first });
  }
  const doubt = facts.doubtOf(list);
  if (doubt !== null)
    return verdict("selected", "doubt", doubt.because, changes.span, { uncertain: [doubt.code] });
  const because = facts.paths.length === 0 ? "no path changed" : noMatchPhrase(changes);
  return verdict("skipped", "changes", because, changes.span);
}

/** Of a list that takes everything but some, what it leaves out is all there is to say. */
function noMatchPhrase(changes: GlobList): string {
  const [first, ...rest] = changes.globs.map(({ value }) => value);
  return first === "**" && rest.length > 0 && rest.every((text) => text.startsWith("!"))
    ? `nothing changed but ${listNames(
        rest.map((text) => text.slice(1)),
        "or",
      )}`
    : `no changed path matches ${globsPhrase(changes)}`;
}

/** The globs of a list in one phrase: what it takes, then what it leaves out. */
export function globsPhrase({ globs }: GlobList): string {
  const texts = globs.map(({ value }) => value);
  const left = texts.filter((text) => text.startsWith("!")).map((text) => text.slice(1));
  const taken = listNames(
    texts.filter((text) => !text.startsWith("!")),
    "or",
  );
  return left.length === 0 ? taken : `${taken} without ${listNames(left, "and")}`;
}

function judgeComponents(
  components: NonNullable<ConditionModel["components"]>,
  { facts, report }: Judging,
): Verdict {
  let doubtful: Verdict | null = null;
  for (const { value: name, span } of components.ids) {
    const component = facts.affected.get(name);
    if (component === undefined) continue;
    const chain = chainOf(component, facts.affected);
    const because = affectedClause(component, chain, facts.affected);
    if (chain.cause?.cause !== "uncertain") {
      return verdict("selected", "components", because, span, { chain: chain.hops });
    }
    doubtful ??= verdict("selected", "doubt", because, span, {
      chain: chain.hops,
      uncertain: [chain.cause.code],
    });
  }
  if (doubtful !== null) return doubtful;
  const unknown = components.ids.find(({ value }) => !facts.componentNames.has(value));
  if (unknown !== undefined && facts.graphDoubt !== null) {
    const { code, because } = facts.graphDoubt;
    const sentence = `${named(unknown.value)} may be a component: ${because}`;
    return verdict("selected", "doubt", sentence, unknown.span, { uncertain: [code] });
  }
  if (unknown !== undefined) reportUnknown(unknown.value, unknown.span, facts, report);
  const names = listNames(
    components.ids.map(({ value }) => value),
    "or",
  );
  const because = `nothing that changed affects ${names}`;
  return verdict("skipped", "components", because, components.span);
}

function reportUnknown(name: string, span: Span, facts: ChangeFacts, report: Report): void {
  const hint = didYouMean(name, facts.componentNames);
  report.add("DC1703", span, `No component is called ${quote(name)}${hint}`);
}
