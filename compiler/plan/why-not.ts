import type { Decision } from "../../schemas/plan.ts";
import { isGlobProblem, matchesGlob, parseGlob } from "../globs/index.ts";
import type { CompileInput } from "../input.ts";
import { loadPipeline, type PipelineModel } from "../language/index.ts";
import { comparePaths } from "../paths.ts";
import { conditionsOf } from "../selection/path-lists.ts";
import { named } from "../selection/sentence.ts";
import { absentInstance } from "./absent-instance.ts";
import { createCompiler } from "./compile.ts";
import { findDecisions } from "./find-decisions.ts";
import { otherEvents } from "./other-events.ts";

export interface WhyNot {
  readonly job: string;
  /** The decisions as they are: one for each cell of the job's matrix. */
  readonly decisions: readonly Decision[];
  /** True when at least one of them runs already. */
  readonly runs: boolean;
  /** The smallest differences found, each compiled and seen to work: "it would run if ...". */
  readonly wouldRunIf: readonly string[];
  readonly tried: number;
}

/** Compiles spent on one question; a changed path comes first, then another event, then both. */
const COMPILES_MAX = 120;

/** Files that stand for more than themselves are named only when nothing ordinary would do. */
const WEIGHTY =
  /(?:^|\/)(?:package\.json|[^/]*lock[^/]*|Cargo\.toml|go\.(?:mod|sum|work)|\.gitmodules|\.delta\/.*)$/i;

/**
 * The smallest difference that would run a job, found by trying. Null when the input has no plan, or
 * the plan has no such job.
 */
export function whyNot(input: CompileInput, job: string): WhyNot | null {
  const compile = createCompiler();
  const { plan } = compile(input);
  const model = loadPipeline(input).model;
  if (plan === null || model === null) return null;
  const known = findDecisions(plan, job);
  // A component that is not affected has no decision of its own, but a change could give it one.
  const absent = known.length > 0 ? null : absentInstance(input, plan, job);
  const decisions = absent === null || absent.decision === null ? known : [absent.decision];
  if (decisions.length === 0) return null;
  const runs = decisions.some(({ outcome }) => outcome === "selected");
  if (runs) return { job, decisions, runs, wouldRunIf: [], tried: 0 };
  const search = new Search(model, job, compile);
  const wouldRunIf = search.smallest(input);
  return { job, decisions, runs, wouldRunIf, tried: search.tried };
}

class Search {
  readonly #model: PipelineModel;
  readonly #job: string;
  readonly #compile: ReturnType<typeof createCompiler>;
  tried = 0;

  constructor(model: PipelineModel, job: string, compile: ReturnType<typeof createCompiler>) {
    this.#model = model;
    this.#job = job;
    this.#compile = compile;
  }

  smallest(input: CompileInput): readonly string[] {
    const path = this.#path(input);
    if (path !== null) return [`${named(path)} changed`];
    const events = otherEvents(input.event, this.#model.on);
    const found = events.filter(({ event }) => this.#runs({ ...input, event }));
    if (found.length > 0) return found.map(({ words }) => words);
    for (const { words, event } of events) {
      const other = this.#path({ ...input, event });
      if (other !== null) return [`${words} and ${named(other)} changed`];
    }
    return [];
  }

  #runs(input: CompileInput, forCertain = false): boolean {
    if (this.tried >= COMPILES_MAX) return false;
    this.tried += 1;
    const { plan } = this.#compile(input);
    // Asked again for each plan: what changed decides which instances a job has.
    return (plan === null ? [] : findDecisions(plan, this.#job)).some(
      ({ outcome, uncertain }) => outcome === "selected" && (uncertain.length === 0 || !forCertain),
    );
  }

  /**
   * A path whose change runs the job, and not by a doubt that it raises. One more changed path takes no job away, so a half of the files
   * that runs it holds such a path, and halving finds it.
   */
  #path(input: CompileInput): string | null {
    const { changed } = input.changes;
    if (changed === null) return null;
    const runsWith = (paths: readonly string[]): boolean => {
      const more = paths.map((path) => ({ status: "M" as const, path }));
      return this.#runs({ ...input, changes: { ...input.changes, changed: [...changed, ...more] } }, true);
    };
    const touched = new Set(changed.map(({ path }) => path));
    let paths = [...input.head.entries.keys()].filter((path) => !touched.has(path)).sort(ordinaryFirst);
    if (paths.length === 0 || !runsWith(paths)) {
      const made = this.#pathsThatCouldBe();
      return made.find((path) => runsWith([path])) ?? null;
    }
    while (paths.length > 1) {
      const half = paths.slice(0, Math.ceil(paths.length / 2));
      paths = runsWith(half) ? half : paths.slice(half.length);
    }
    const [path] = paths;
    return path !== undefined && runsWith([path]) ? path : null;
  }

  /** One new path for each glob that no file fits. */
  #pathsThatCouldBe(): readonly string[] {
    const lists = [...conditionsOf(this.#model).map(({ changes }) => changes), this.#model.on.push?.paths];
    const paths = new Set<string>();
    for (const { value } of lists.flatMap((list) => list?.globs ?? [])) {
      const made = value.replace(/\*\*/g, "new").replace(/\*/g, "new").replace(/\?/g, "x");
      const glob = parseGlob(value);
      if (!isGlobProblem(glob) && !glob.negated && matchesGlob(glob, made, { left: 100_000 }))
        paths.add(made);
    }
    return [...paths];
  }
}

/** Shallow, ordinary files first: they read best in an answer. */
function ordinaryFirst(left: string, right: string): number {
  const weight = Number(WEIGHTY.test(left)) - Number(WEIGHTY.test(right));
  const depth = left.split("/").length - right.split("/").length;
  return weight !== 0 ? weight : depth !== 0 ? depth : comparePaths(left, right);
}
