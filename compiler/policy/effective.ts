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
  /** Each job is held against them. */
  readonly #ceilings = new Map<NumberCeiling, Bound<number> | null>();
  readonly #lists = new Map<ListCeiling, readonly Bound<readonly string[]>[]>();
  readonly #tests = new Map<readonly string[], (image: string) => boolean>();
  readonly #budget: MatchBudget = { left: MATCH_WORK_MAX };

  constructor(documents: readonly (PolicyDocument | null)[]) {
    this.#documents = documents.filter((one) => one !== null);
  }

  limits(): PlanLimits {
    const bounds = this.limitBounds();
    return {
      max_runtime_ms: bounds.max_runtime_ms?.value ?? null,
      max_concurrency: bounds.max_concurrency?.value ?? null,
      budget_ms: bounds.budget_ms?.value ?? null,
      cancel_superseded: bounds.cancel_superseded?.value ?? false,
      on_failure: bounds.on_failure?.value ?? "continue",
    };
  }

  /** What each limit of the run is from; null: no document speaks of it. */
  limitBounds(): LimitBounds {
    const runs = this.#documents.map((one) => one.runs);
    return {
      max_runtime_ms: smallest(runs.map(({ maxRuntimeMs }) => maxRuntimeMs)),
      max_concurrency: smallest(runs.map(({ maxConcurrency }) => maxConcurrency)),
      budget_ms: smallest(runs.map(({ budgetMs }) => budgetMs)),
      cancel_superseded: firstWith(
        true,
        runs.map(({ cancelSuperseded }) => cancelSuperseded),
      ),
      on_failure: firstWith(
        "cancel",
        runs.map(({ onFailure }) => onFailure),
      ),
    };
  }

  /** The smallest bound that a document sets for a number; null when none does. */
  ceiling(key: NumberCeiling): Bound<number> | null {
    const known = this.#ceilings.get(key);
    if (known !== undefined) return known;
    const ceiling = smallest(this.#documents.map(({ jobs }) => jobs[key]));
    this.#ceilings.set(key, ceiling);
    return ceiling;
  }

  /** Every list that a document sets: what is asked for has to be in each of them. */
  lists(key: ListCeiling): readonly Bound<readonly string[]>[] {
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const lists = this.#documents.flatMap(({ jobs }) => jobs[key] ?? []);
    this.#lists.set(key, lists);
    return lists;
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

export type LimitBounds = {
  readonly [Key in keyof PlanLimits]: Bound<NonNullable<PlanLimits[Key]>> | null;
};

type KeysOf<Value> = {
  [Key in keyof JobCeilings]: JobCeilings[Key] extends Bound<Value> | null ? Key : never;
}[keyof JobCeilings];
export type NumberCeiling = KeysOf<number>;
export type ListCeiling = KeysOf<readonly string[]>;

/** Of values that end a run early, or do not. */
function firstWith<Value>(ending: Value, bounds: readonly (Bound<Value> | null)[]): Bound<Value> | null {
  const set = bounds.filter((bound) => bound !== null);
  return set.find(({ value }) => value === ending) ?? set[0] ?? null;
}

function smallest(bounds: readonly (Bound<number> | null)[]): Bound<number> | null {
  return bounds.reduce<Bound<number> | null>(
    (least, bound) => (bound === null || (least !== null && least.value <= bound.value) ? least : bound),
    null,
  );
}
