import type { PlanLimits } from "../../schemas/plan.ts";
import { MATCH_WORK_MAX, type MatchBudget, pathTest } from "../globs/index.ts";
import type { Bound, JobCeilings, PolicyDocument } from "./model.ts";

/**
 * What holds when several documents speak. Each can only narrow: of two numbers the smaller holds, of two lists
 * what both allow, and what ends a run early holds when one of them asks for it.
 */
export class EffectivePolicy {
  /** The repository's first: of two equal bounds its own is the one that is named. */
  readonly #documents: readonly PolicyDocument[];
  readonly #tests = new Map<readonly string[], (image: string) => boolean>();
  readonly #budget: MatchBudget = { left: MATCH_WORK_MAX };

  constructor(documents: readonly (PolicyDocument | null)[]) {
    this.#documents = documents.filter((one) => one !== null);
  }

  limits(): PlanLimits {
    const runs = this.#documents.map((one) => one.runs);
    return {
      max_runtime_ms: smallest(runs.map(({ maxRuntimeMs }) => maxRuntimeMs))?.value ?? null,
      max_concurrency: smallest(runs.map(({ maxConcurrency }) => maxConcurrency))?.value ?? null,
      budget_ms: smallest(runs.map(({ budgetMs }) => budgetMs))?.value ?? null,
      cancel_superseded: runs.some(({ cancelSuperseded }) => cancelSuperseded?.value === true),
      on_failure: runs.some(({ onFailure }) => onFailure?.value === "cancel") ? "cancel" : "continue",
    };
  }

  /** The smallest bound that a document sets for a number; null when none does. */
  ceiling(key: NumberCeiling): Bound<number> | null {
    return smallest(this.#documents.map(({ jobs }) => jobs[key]));
  }

  /** Every list that a document sets: what is asked for has to be in each of them. */
  lists(key: ListCeiling): readonly Bound<readonly string[]>[] {
    return this.#documents.flatMap(({ jobs }) => jobs[key] ?? []);
  }

  /** The list of images that leaves this one out; null when all of them allow it. What cannot be compared is left out. */
  imageRefusedBy(image: string): Bound<readonly string[]> | null {
    return this.lists("images").find(({ value }) => !this.#admits(value, image)) ?? null;
  }

  #admits(globs: readonly string[], image: string): boolean {
    const test = this.#tests.get(globs) ?? pathTest(globs, this.#budget);
    this.#tests.set(globs, test);
    return test(image) && this.#budget.left >= 0;
  }

  /** Who asks for images with a digest; null when nobody does. */
  imagesPinned(): Bound<boolean> | null {
    return (
      this.#documents.map(({ jobs }) => jobs.imagesPinned).find((bound) => bound?.value === true) ?? null
    );
  }
}

type KeysOf<Value> = {
  [Key in keyof JobCeilings]: JobCeilings[Key] extends Bound<Value> | null ? Key : never;
}[keyof JobCeilings];
export type NumberCeiling = KeysOf<number>;
export type ListCeiling = KeysOf<readonly string[]>;

function smallest(bounds: readonly (Bound<number> | null)[]): Bound<number> | null {
  return bounds.reduce<Bound<number> | null>(
    (least, bound) => (bound === null || (least !== null && least.value <= bound.value) ? least : bound),
    null,
  );
}
