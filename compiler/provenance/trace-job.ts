import type { JsonScalar, PlanJob, PlanStep } from "../../schemas/plan.ts";
import type { RuleModel } from "../language/model.ts";
import { entryOf, itemsOf, mapOf, writtenText } from "../language/read.ts";
import type { YamlNode } from "../yaml/nodes.ts";
import type { BoundReader } from "./bounds.ts";
import type { MergedJob } from "./merged-job.ts";
import type { Cause, Leaf } from "./tell.ts";
import { entryFor, fieldOf, type ItemFinder, keyOfEntry, type Written, valueOfEntry } from "./written.ts";

export type Tell = (leaf: Leaf, cause: Cause) => void;

/** Fields that say where something is written; they are places themselves. */
const PLACE = "place";

const DEFAULT: Cause = { written: null, setBy: "default" };

/** Names the cause of every value of one planned job. */
export class JobTracer {
  readonly #job: PlanJob;
  readonly #index: number;
  readonly #merged: MergedJob;
  readonly #rule: RuleModel | null;
  readonly #items: ItemFinder;
  readonly #bounds: BoundReader;
  readonly #tell: Tell;

  constructor(
    job: { readonly plan: PlanJob; readonly index: number; readonly rule: RuleModel | null },
    merged: MergedJob,
    { items, bounds }: { readonly items: ItemFinder; readonly bounds: BoundReader },
    tell: Tell,
  ) {
    this.#job = job.plan;
    this.#index = job.index;
    this.#rule = job.rule;
    this.#merged = merged;
    this.#items = items;
    this.#bounds = bounds;
    this.#tell = tell;
  }

  trace(): void {
    for (const [field, value] of Object.entries(this.#job)) {
      if (field !== PLACE) this.#field(field, value);
    }
  }

  #field(field: string, value: unknown): void {
    const { entry, map } = this.#merged;
    const at = [field];
    switch (field) {
      case "key":
        return this.#leaf(value, at, { written: keyOfEntry(entry), ...this.#instanceNote() });
      case "job":
        return this.#leaf(value, at, { written: keyOfEntry(entry) });
      case "name":
        return this.#walk(value, this.#entry(field), field, at, { ...DEFAULT, note: "the job's key" });
      case "matrix":
        return this.#matrix();
      case "component":
        return this.#walk(
          value,
          null,
          field,
          at,
          value === null ? DEFAULT : { written: null, setBy: "components" },
        );
      case "start":
        return this.#start();
      case "env":
        return this.#env(this.#job.env);
      case "late":
        return this.#late();
      case "steps":
        return this.#steps();
      case "needs":
        return this.#needs();
      case "cells":
        return this.#walk(value, value === null ? null : this.#entry("matrix"), field, at);
      case "timeout_ms":
      case "queue_timeout_ms":
        return this.#walk(value, this.#entry(field), field, at, this.#bounds.ofJobTime(field) ?? DEFAULT);
      case "interruptible":
        return this.#walk(value, this.#entry(field), field, at, this.#deployment() ?? DEFAULT);
      default: {
        const written = entryFor(map, field);
        const isNamed = field === "shell" && written?.value.kind === "scalar";
        const note = isNamed ? "these arguments are what the name stands for" : undefined;
        return this.#walk(value, written && valueOfEntry(written), field, at, DEFAULT, note);
      }
    }
  }

  #instanceNote(): { readonly note?: string } {
    const { key, job } = this.#job;
    return key === job ? {} : { note: "the job's id with the values that tell its instances apart" };
  }

  #matrix(): void {
    const { matrix } = this.#job;
    if (matrix === null) return this.#leaf(null, ["matrix"], DEFAULT);
    for (const [axis, value] of Object.entries(matrix)) {
      this.#leaf(value, ["matrix", axis], this.#axis(axis, value) ?? DEFAULT);
    }
  }

  /** The value in the axis, else in the cell that was included, else `parallel`, which counts by itself. */
  #axis(axis: string, value: JsonScalar): Cause | null {
    const matrix = mapOf(entryOf(this.#merged.map, "matrix")?.value);
    const says = (node: YamlNode | undefined): boolean =>
      node?.kind === "scalar" && (node.value === value || writtenText(node) === String(value));
    const values = entryOf(mapOf(entryOf(matrix, "axes")?.value), axis)?.value;
    const inAxis = itemsOf(values).find(says);
    if (inAxis !== undefined) return { written: { node: inAxis, span: inAxis.span } };
    for (const cell of itemsOf(entryOf(matrix, "include")?.value)) {
      const entry = entryOf(mapOf(cell), axis);
      if (entry !== null && says(entry.value)) return { written: valueOfEntry(entry) };
    }
    const parallel = entryOf(this.#merged.map, "parallel");
    return parallel && { written: valueOfEntry(parallel), note: "counted from 1 to this number" };
  }

  /** What makes a job that says nothing of it one that is not ended once it has started. */
  #deployment(): Cause | null {
    const entry = entryOf(this.#merged.map, "environment");
    return (
      entry && { written: keyOfEntry(entry), note: "a job with `environment` is not, unless it says so" }
    );
  }

  /** Only a rule makes a job wait for a person. */
  #start(): void {
    const { start } = this.#job;
    const rules = this.#entry("rules");
    const span = start === "manual" ? this.#rule?.run.span : undefined;
    this.#leaf(start, ["start"], rules && span ? { written: { node: rules.node, span } } : DEFAULT);
  }

  #env(env: Readonly<Record<string, string>>): void {
    const written = this.#entry("env");
    if (Object.keys(env).length === 0)
      return this.#walk(env, written, "env", ["env"], DEFAULT, this.#allLate(null, env));
    for (const [variable, value] of Object.entries(env)) {
      const own = written && fieldOf(written, "env", variable);
      this.#leaf(value, ["env", variable], own === null ? this.#builtIn(variable) : { written: own });
    }
  }

  /** Why an environment that has variables where it is written is empty; undefined for any other. */
  #allLate(step: number | null, env: PlanStep["env"]): string | undefined {
    const isAllLate = Object.keys(env).length === 0 && this.#job.late.some((value) => value.step === step);
    return isAllLate ? "its variables are under `late`" : undefined;
  }

  /** Variables that tell a script which share of the work is its own. */
  #builtIn(variable: string): Cause {
    const key = variable.startsWith("DELTA_PARALLEL_") ? "parallel" : "for_each";
    const entry = entryOf(this.#merged.map, key);
    return entry === null
      ? DEFAULT
      : { written: keyOfEntry(entry), note: `every job with \`${key}\` has this variable` };
  }

  #late(): void {
    if (this.#job.late.length === 0) return this.#leaf([], ["late"], DEFAULT);
    this.#job.late.forEach((value, index) => {
      const step = value.step === null ? null : this.#job.steps[value.step];
      const owner = step ? this.#stepText(value.step ?? 0) : null;
      const env = step ? owner && fieldOf(owner, "steps", "env") : this.#entry("env");
      const written = env && fieldOf(env, "env", value.variable);
      this.#walk(
        value,
        written,
        "late",
        ["late", index],
        written === null ? DEFAULT : { written },
        undefined,
      );
    });
  }

  #steps(): void {
    const { steps } = this.#job;
    if (steps.length === 0) return this.#leaf([], ["steps"], this.#listCause("steps"));
    steps.forEach((step, index) => {
      const text = this.#stepText(index);
      const run = text && fieldOf(text, "steps", "run");
      const name: Cause = run === null ? DEFAULT : { written: run, note: "the first line of the command" };
      for (const [field, value] of Object.entries(step)) {
        if (field === PLACE) continue;
        const written = text && fieldOf(text, "steps", field);
        const otherwise = field === "name" ? name : DEFAULT;
        const note = field === "env" ? this.#allLate(index, step.env) : undefined;
        this.#walk(value, written, field, ["steps", index, field], otherwise, note);
      }
    });
  }

  #stepText(index: number): Written | null {
    const steps = this.#entry("steps");
    return steps && this.#items.itemOf(steps.node, this.#job.steps, index);
  }

  #needs(): void {
    const { needs } = this.#job;
    const written = this.#entry("needs");
    if (needs.length === 0) return this.#leaf([], ["needs"], this.#listCause("needs"));
    needs.forEach((need, index) => {
      const own = written && this.#items.itemOf(written.node, needs, index);
      const { entry, isFinally } = this.#merged;
      const waits: Cause = { written: keyOfEntry(entry), note: "a job under `finally` waits for every job" };
      this.#walk(need, own, "needs", ["needs", index], own === null && isFinally ? waits : DEFAULT);
    });
  }

  #listCause(field: string): Cause {
    const written = this.#entry(field);
    return written === null ? DEFAULT : { written };
  }

  #entry(field: string): Written | null {
    const entry = entryFor(this.#merged.map, field);
    return entry && valueOfEntry(entry);
  }

  /** Every value inside `value`, each with what wrote it, or with `otherwise` where nothing did. */
  #walk(
    value: unknown,
    written: Written | null,
    kind: string,
    at: readonly (string | number)[],
    otherwise: Cause = DEFAULT,
    note?: string,
  ): void {
    if (Array.isArray(value) && value.length > 0) {
      value.forEach((item: unknown, index) => {
        const own = written && this.#items.itemOf(written.node, value, index);
        this.#walk(item, own, kind, [...at, index], otherwise, note);
      });
    } else if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      for (const [field, item] of Object.entries(value)) {
        if (field === PLACE) continue;
        const own = written && fieldOf(written, kind, field);
        this.#walk(item, own, field, [...at, field], otherwise, note);
      }
    } else {
      const cause: Cause =
        written === null ? otherwise : { written, ...(note === undefined ? {} : { note }) };
      this.#leaf(value, at, cause);
    }
  }

  #leaf(value: unknown, at: readonly (string | number)[], cause: Cause): void {
    this.#tell(
      {
        at: ["jobs", this.#job.key, ...at],
        pointer: ["jobs", this.#index, ...at],
        value: value as Leaf["value"],
        matrix: this.#job.matrix,
      },
      cause,
    );
  }
}
