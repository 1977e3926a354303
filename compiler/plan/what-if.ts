import type { ChangedPath } from "../../schemas/changes.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import { ListIndex } from "../globs/index.ts";
import type { CompileInput } from "../input.ts";
import type { PipelineModel } from "../language/index.ts";
import { connectedJobs } from "../selection/connected-jobs.ts";
import { pathListsOf } from "../selection/path-lists.ts";
import type { Verdict } from "../selection/verdict.ts";
import { CommitFacts } from "./commit-facts.ts";
import { makePlan } from "./compile.ts";
import { jobIdOf, ofJob } from "./find-decisions.ts";
import { loadInputOf, type Preparations } from "./prepare.ts";
import { type JudgedPipeline, selectJobs } from "./select-jobs.ts";

/** What differs from the change as it is: another event, more changed paths, or both. */
export interface Difference {
  readonly event: PipelineEvent;
  readonly paths: readonly string[];
}

interface Judged {
  readonly pipeline: JudgedPipeline;
  readonly commits: CommitFacts;
}

/**
 * Tells what one job would do if the change were another. `judge` repeats the selection alone, of the job and
 * what is connected with it, which costs a small part of a compile; `runs` compiles.
 */
export class WhatIf {
  readonly #input: CompileInput;
  readonly #job: string;
  readonly #preparations: Preparations;
  #refusal: string | null = null;
  readonly #judged = new Map<PipelineEvent, Judged | null>();

  /** job: the id of a job, or the key of one instance. */
  constructor(input: CompileInput, job: string, preparations: Preparations) {
    this.#input = input;
    this.#job = job;
    this.#preparations = preparations;
  }

  /** The verdicts on the job's instances; none when there would be no plan. Limits do not count here. */
  judge(difference: Difference): readonly Verdict[] {
    const judged = this.#pipelineFor(difference.event);
    if (judged === null) return [];
    const limits = { jobs: Infinity };
    const { decided } = selectJobs(judged.pipeline, judged.commits, this.#with(difference), limits);
    if (decided === null) return [];
    return ofJob(decided.instances, this.#job).flatMap(({ key }) => decided.verdicts.get(key) ?? []);
  }

  /** Why what was compiled last has no plan; null when it has one. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** Whether the plan of the difference has the job; `surely`: and not by a doubt that the difference raises. */
  runs(difference: Difference, surely: boolean): boolean {
    const { plan, diagnostics } = makePlan(this.#with(difference), this.#preparations);
    const error = diagnostics.find(({ severity }) => severity === "error");
    this.#refusal = plan === null ? (error?.message ?? null) : null;
    return plan !== null && ofJob(plan.decisions, this.#job).some((decision) => isRun(decision, surely));
  }

  #with({ event, paths }: Difference): CompileInput {
    const { changes } = this.#input;
    if (changes.changed === null || paths.length === 0) return { ...this.#input, event };
    const more = paths.map((path): ChangedPath => ({ status: "M", path }));
    return { ...this.#input, event, changes: { ...changes, changed: [...changes.changed, ...more] } };
  }

  #pipelineFor(event: PipelineEvent): Judged | null {
    const known = this.#judged.get(event);
    if (known !== undefined) return known;
    const input = { ...this.#input, event };
    const prepared = this.#preparations.of(loadInputOf(input));
    const judged =
      prepared.model === null
        ? null
        : {
            pipeline: narrowed(prepared.model, prepared.lists, this.#job),
            commits: new CommitFacts(prepared, input, this.#preparations),
          };
    this.#judged.set(event, judged);
    return judged;
  }
}

export function isRun(
  { outcome, uncertain }: Pick<Verdict, "outcome" | "uncertain">,
  surely: boolean,
): boolean {
  return outcome === "selected" && (uncertain.length === 0 || !surely);
}

function narrowed(model: PipelineModel, lists: JudgedPipeline["lists"], job: string): JudgedPipeline {
  const part = { ...model, jobs: connectedJobs(model.jobs, jobIdOf(job)) };
  return { model: part, lists, pathLists: new ListIndex(pathListsOf(part).map((list) => lists.of(list))) };
}
