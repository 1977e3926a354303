import type { PipelineEvent } from "../../schemas/event.ts";
import type { Decision, Plan } from "../../schemas/plan.ts";
import type { CompileInput } from "../input.ts";
import type { PipelineModel } from "../language/index.ts";
import { MATCH_WORK_MAX, pathTest } from "../globs/index.ts";
import { connectedJobs } from "../selection/connected-jobs.ts";
import { named } from "../selection/sentence.ts";
import type { Verdict } from "../selection/verdict.ts";
import { absentInstance } from "./absent-instance.ts";
import { candidatePaths, ownPaths, pathsThatCouldBe } from "./candidate-paths.ts";
import { CommitFacts } from "./commit-facts.ts";
import { makePlan } from "./compile.ts";
import { textsOf } from "./component-changes.ts";
import { findDecisions, jobIdOf } from "./find-decisions.ts";
import { otherEvents } from "./other-events.ts";
import { loadInputOf, Preparations } from "./prepare.ts";
import { isRun, WhatIf } from "./what-if.ts";

export interface WhyNot {
  readonly job: string;
  /** The decisions as they are: one for each cell of the job's matrix. */
  readonly decisions: readonly Decision[];
  /** True when at least one of them runs already. */
  readonly runs: boolean;
  /** The smallest differences found, each compiled and seen to work: "it would run if ...". */
  readonly wouldRunIf: readonly string[];
  /** A path that would have the job selected in a plan that is refused, and why it is. */
  readonly refused: readonly [path: string, because: string] | null;
  /** What was judged where nothing was found: paths, each alone and with each event. */
  readonly tried: { readonly paths: number; readonly events: number };
}

/** Compiles spent on proving candidates of one kind: one fails only for what selection does not see, such as a limit. */
const PROOFS_MAX = 8;
/** Paths of a group judged one by one, where many of them together prove nothing. */
const SINGLES_MAX = 16;

/**
 * The smallest difference that would run a job: one changed path, or another event, or both. Candidates are judged by
 * selection alone, in halves, and what is found is compiled. Null when the input has no plan, or the plan
 * has no such job. `plan`: what the input compiles to, where that is known.
 */
export function whyNot(
  input: CompileInput,
  job: string,
  preparations = new Preparations(),
  plan: Plan | null = makePlan(input, preparations).plan,
): WhyNot | null {
  const prepared = preparations.of(loadInputOf(input));
  if (plan === null || prepared.model === null) return null;
  const known = findDecisions(plan, job);
  // A component that is not affected has no decision of its own, but a change could give it one.
  const absent = known.length > 0 ? null : absentInstance(input, plan, job, preparations);
  const decisions = absent === null || absent.decision === null ? known : [absent.decision];
  if (decisions.length === 0) return null;
  const runs = decisions.some(({ outcome }) => outcome === "selected");
  if (runs) return { job, decisions, runs, wouldRunIf: [], refused: null, tried: { paths: 0, events: 0 } };
  const { components } = new CommitFacts(prepared, input, preparations).components.head.graph;
  const touched = new Set(input.changes.changed?.map(({ path }) => path));
  const files = [...input.head.entries.keys()].filter((path) => !touched.has(path));
  const made = pathsThatCouldBe(prepared.model).filter((path) => !input.head.entries.has(path));
  const search = new Search({
    model: prepared.model,
    job,
    whatIf: new WhatIf(input, job, preparations),
    groups:
      input.changes.changed === null
        ? []
        : [...candidatePaths(files, ownPaths(prepared.model, job, components)), made],
  });
  return { job, decisions, runs, ...search.smallest(input.event) };
}

/** Whether another changed path could stop the job: a rule that says never may come to hold. */
function mayStop(model: PipelineModel, job: string): boolean {
  const jobs = connectedJobs(model.jobs, jobIdOf(job));
  const rules = [...(model.rules ?? []), ...jobs.flatMap((one) => one.rules ?? [])];
  return rules.some(({ run }) => run.value === "never");
}

interface SearchInput {
  readonly model: PipelineModel;
  readonly job: string;
  readonly whatIf: WhatIf;
  /** Paths that might run the job, the likeliest group first. */
  readonly groups: readonly (readonly string[])[];
}

class Search {
  readonly #model: PipelineModel;
  readonly #whatIf: WhatIf;
  readonly #groups: SearchInput["groups"];
  readonly #mayStop: boolean;
  #refused: WhyNot["refused"] = null;
  /** True for a path that a push needs to change for the pipeline to start. */
  readonly #startsPipeline: (path: string) => boolean;

  constructor({ model, job, whatIf, groups }: SearchInput) {
    this.#mayStop = mayStop(model, job);
    const { paths } = model.on.push ?? { paths: null };
    this.#startsPipeline = paths === null ? () => true : pathTest(textsOf(paths), { left: MATCH_WORK_MAX });
    this.#model = model;
    this.#whatIf = whatIf;
    this.#groups = groups;
  }

  smallest(event: PipelineEvent): Pick<WhyNot, "wouldRunIf" | "refused" | "tried"> {
    const found = this.#smallest(event);
    return { ...found, refused: found.wouldRunIf.length === 0 ? this.#refused : null };
  }

  #smallest(event: PipelineEvent): Pick<WhyNot, "wouldRunIf" | "tried"> {
    const events = otherEvents(event, this.#model.on);
    const tried = { paths: this.#groups.flat().length, events: events.length };
    const path = this.#path(event);
    if (path !== null) return { wouldRunIf: [`${named(path)} changed`], tried };
    const found = events.filter(({ event: other }) => {
      const difference = { event: other, paths: [] };
      return (
        this.#whatIf.judge(difference).some((verdict) => isRun(verdict, false)) &&
        this.#whatIf.runs(difference, false)
      );
    });
    if (found.length > 0) return { wouldRunIf: found.map(({ words }) => words), tried };
    for (const { words, event: other } of events) {
      const withIt = this.#path(other);
      if (withIt !== null) return { wouldRunIf: [`${words} and ${named(withIt)} changed`], tried };
    }
    return { wouldRunIf: [], tried };
  }

  /** The first path whose change runs the job, and not by a doubt that it raises. */
  #path(event: PipelineEvent): string | null {
    const verdicts = this.#whatIf.judge({ event, paths: [] });
    if (verdicts.length > 0 && verdicts.every((verdict) => this.#isDeafToPaths(verdict))) return null;
    const isRefused = verdicts.some(({ clause }) => clause === "on");
    const starts = isRefused ? this.#startsPipeline : () => true;
    const inHalves = !this.#mayStop && !verdicts.some(readsChanges);
    for (const group of this.#groups) {
      let left = group.filter(starts);
      for (let proofs = 0; proofs < PROOFS_MAX; proofs += 1) {
        const path = this.#firstOf(left, event, inHalves);
        if (path === null) break;
        if (this.#whatIf.runs({ event, paths: [path] }, true)) return path;
        const because = this.#whatIf.refusal;
        if (because !== null) this.#refused ??= [path, because];
        left = left.filter((other) => other !== path);
      }
    }
    return null;
  }

  /**
   * Where one more changed path takes no job away, what runs the job is in the half of the paths that runs it, and
   * halving finds the first. Two paths may run it together, each for a condition of its own, where neither does.
   */
  #firstOf(paths: readonly string[], event: PipelineEvent, inHalves: boolean): string | null {
    const runsWith = (some: readonly string[]): boolean =>
      some.length > 0 && this.#whatIf.judge({ event, paths: some }).some((verdict) => isRun(verdict, true));
    if (inHalves) {
      let left = paths;
      if (!runsWith(left)) return null;
      while (left.length > 1) {
        const half = left.slice(0, Math.ceil(left.length / 2));
        left = runsWith(half) ? half : left.slice(half.length);
      }
      const [path] = left;
      if (path !== undefined && runsWith(left)) return path;
    }
    return paths.slice(0, SINGLES_MAX).find((path) => runsWith([path])) ?? null;
  }

  /** Whether no changed path could make it another verdict. */
  #isDeafToPaths(verdict: Verdict): boolean {
    if (verdict.clause === "on") return !this.#model.on.push?.paths;
    return verdict.clause === "trust" || (verdict.clause === "if" && !readsChanges(verdict));
  }
}

function readsChanges({ values }: Verdict): boolean {
  return values.some(({ name }) => name === "changes" || name.startsWith("changes."));
}
