import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { PlaceFinder } from "../diagnostics/index.ts";
import { Report } from "../diagnostics/report.ts";
import { ListIndex } from "../globs/index.ts";
import { type CompileInput, CONFIGURATION_FOLDER, type TreeSnapshot } from "../input.ts";
import { inputTexts } from "../input-texts.ts";
import { type LoadedPipeline, type LoadInput, loadPipeline, type PipelineModel } from "../language/index.ts";
import { inputsAsked } from "../language/event-inputs.ts";
import { sha256Of } from "../language/included-texts.ts";
import { PLAN_LIMITS_DEFAULT } from "../language/plan-limits.ts";
import { lintPipeline } from "../lints/index.ts";
import { NO_PINNED } from "../pinned.ts";
import { PlannedJobs } from "./planned-jobs.ts";
import { GlobLists, globListsOf, pathListsOf } from "../selection/path-lists.ts";

/** Jobs of all pipelines that are remembered; each takes about 20 KiB, besides what PlannedJobs holds. */
const JOBS_REMEMBERED_MAX = 10_000;

/** A pipeline with all that follows from its files alone, whatever changed. */
export interface PreparedPipeline extends LoadedPipeline {
  readonly model: PipelineModel;
  readonly lists: GlobLists;
  /** The lists that changed paths are held against. */
  readonly pathLists: ListIndex;
  /** What `diagnostics` lacks: findings about globs, and advice. Not traced yet. */
  readonly advice: readonly Diagnostic[];
  /** Of what stands in the pipeline's own files and those it takes in. */
  readonly places: PlaceFinder;
}

export type Preparation = PreparedPipeline | (LoadedPipeline & { readonly model: null });

/**
 * Prepares pipelines, and remembers those it prepared last by everything that they are made of. What is
 * remembered is never changed, so a plan made with it is the plan made without it.
 */
export class Preparations {
  /** What was made of the jobs of these pipelines. */
  readonly plannedJobs: PlannedJobs;
  readonly #known = new Map<string, PreparedPipeline>();
  readonly #jobsMax: number;
  #jobs = 0;

  /** jobsMax: jobs of all remembered pipelines together; the last one is remembered whatever its size. */
  constructor(jobsMax = JOBS_REMEMBERED_MAX, plannedJobs = new PlannedJobs()) {
    this.#jobsMax = jobsMax;
    this.plannedJobs = plannedJobs;
  }

  of(input: LoadInput): Preparation {
    const narrow = narrowed(input);
    // What was prepared for a push serves whoever gives no inputs, where the pipeline has none.
    const forPush = keyOf({ ...narrow, event: { ...narrow.event, kind: "push" } });
    const key = this.#known.get(forPush)?.model.inputs.size === 0 ? forPush : keyOf(narrow);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    const prepared = prepare(narrow);
    if (prepared.model !== null) this.#remember(key, prepared);
    return prepared;
  }

  #remember(key: string, prepared: PreparedPipeline): void {
    this.#known.set(key, prepared);
    this.#jobs += prepared.model.jobs.length;
    for (const [oldest, { model }] of this.#known) {
      if (this.#jobs <= this.#jobsMax || oldest === key) break;
      this.#known.delete(oldest);
      this.#jobs -= model.jobs.length;
    }
  }
}

/** What of a compile its pipeline is loaded from. */
export function loadInputOf({ head, event, limits, pinned }: CompileInput): LoadInput {
  return { head, event, limits: limits ?? PLAN_LIMITS_DEFAULT, pinned: pinned ?? NO_PINNED };
}

/** The least that a pipeline is read from: what is not in here can have no part in it. */
function narrowed({
  head,
  event,
  limits = PLAN_LIMITS_DEFAULT,
  pinned = NO_PINNED,
  ...nothing
}: LoadInput): Required<LoadInput> {
  nothing satisfies Record<string, never>;
  const { commit, entries, contents } = head;
  const own = <Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> => {
    const paths = [...map.keys()].filter((path) => path.startsWith(CONFIGURATION_FOLDER));
    return new Map(paths.map((path) => [path, map.get(path) as Value]));
  };
  const files: TreeSnapshot = { commit, entries: own(entries), contents: own(contents) };
  return {
    head: files,
    event: { ...inputsAsked(event), trust: event.trust },
    limits,
    pinned,
  };
}

/** The commit's id is left out: only a commit without a pipeline is told by it, and that is not remembered. */
function keyOf({ head, event, limits, pinned }: Required<LoadInput>): string {
  const files = Array.from(head.entries.values(), ({ path, mode, blob }) => [
    path,
    mode,
    blob,
    head.contents.has(path),
  ]);
  const brought = Array.from(pinned, ([key, { answer }]) => [
    key,
    "bytes" in answer ? sha256Of(answer.bytes) : answer,
  ]);
  return JSON.stringify([files, event, limits, brought]);
}

function prepare(input: LoadInput): Preparation {
  const loaded = loadPipeline(input);
  const { model, root } = loaded;
  if (model === null || root === null) return { ...loaded, model: null };
  const report = new Report();
  const lists = new GlobLists(globListsOf(model), report);
  lintPipeline({ model, root, lists, report });
  const pathLists = new ListIndex(pathListsOf(model).map((list) => lists.of(list)));
  return {
    ...loaded,
    model,
    lists,
    pathLists,
    advice: report.settle(),
    places: new PlaceFinder(inputTexts(input)),
  };
}
