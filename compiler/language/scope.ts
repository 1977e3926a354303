import type { ChangeSet } from "../../schemas/changes.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import {
  ANY,
  BOOLEAN,
  listOf,
  mapOf,
  NUMBER,
  optional,
  STRING,
  type Type,
  type Value,
  type ValueMap,
} from "../expressions/index.ts";
import type { InputValues } from "./inputs.ts";

/**
 * The names an expression may read. `scopeType` says what exists, for checking; `scopeNames` gives the
 * values, for evaluation. The two are kept side by side so that neither grows alone.
 */
export interface ScopeShape {
  readonly vars: ValueMap;
  readonly inputs: InputValues;
  /** Types by axis; null outside of a job with a matrix. */
  readonly matrix: Type | null;
  readonly hasComponent: boolean;
}

const FIXED: Readonly<Record<string, Type>> = {
  event: mapOf({
    kind: STRING,
    head: STRING,
    before: optional(STRING),
    forced: BOOLEAN,
    deleted: BOOLEAN,
    trust: STRING,
  }),
  ref: mapOf({
    name: STRING,
    full: STRING,
    kind: STRING,
    is_default: BOOLEAN,
    default_branch: optional(STRING),
  }),
  pr: mapOf({
    number: optional(NUMBER),
    action: optional(STRING),
    target: optional(STRING),
    target_sha: optional(STRING),
    source: optional(STRING),
    from_fork: optional(BOOLEAN),
    draft: optional(BOOLEAN),
  }),
  changes: mapOf({ known: BOOLEAN, base: optional(STRING), total: optional(NUMBER), paths: listOf(STRING) }),
};

const COMPONENT = mapOf({ id: STRING, root: STRING, kind: STRING, outputs: listOf(STRING) });

export function scopeType(shape: ScopeShape): Type {
  const fields: Record<string, Type> = {
    ...FIXED,
    vars: typeOfMap(shape.vars),
    inputs: inputsType(shape.inputs),
  };
  if (shape.matrix) fields.matrix = shape.matrix;
  if (shape.hasComponent) fields.component = COMPONENT;
  return mapOf(fields);
}

export interface ScopeFacts {
  readonly event: PipelineEvent;
  readonly vars: ValueMap;
  readonly inputs?: ValueMap;
  readonly changes: ChangeSet;
  readonly matrix: ReadonlyMap<string, JsonScalar> | null;
  readonly component: {
    readonly id: string;
    readonly root: string;
    readonly kind: string;
    /** Globs of what its build writes; none for a component that is not declared. */
    readonly outputs: readonly string[];
  } | null;
}

export function scopeNames(facts: ScopeFacts): ValueMap {
  const { event, changes } = facts;
  const names = new Map<string, Value>([
    ["event", eventValues(event)],
    ["ref", refValues(event)],
    ["pr", pullRequestValues(event)],
    ["vars", facts.vars],
    ["inputs", facts.inputs ?? new Map<string, Value>()],
    ["changes", changeValues(changes)],
  ]);
  if (facts.matrix) names.set("matrix", facts.matrix);
  if (facts.component) names.set("component", componentValues(facts.component));
  return names;
}

export function componentValues({ id, root, kind, outputs }: NonNullable<ScopeFacts["component"]>): ValueMap {
  // One by one: there is such a map for each of thousands of components, and a list of pairs is five objects more.
  return new Map<string, Value>().set("id", id).set("root", root).set("kind", kind).set("outputs", outputs);
}

function eventValues(event: PipelineEvent): ValueMap {
  const { kind, head, before, forced, deleted, trust } = event;
  return new Map<string, Value>(Object.entries({ kind, head, before, forced, deleted, trust }));
}

function refValues({ ref, default_branch }: PipelineEvent): ValueMap {
  const kind = ref.startsWith("refs/heads/") ? "branch" : ref.startsWith("refs/tags/") ? "tag" : "other";
  const name = shortRef(ref);
  const isDefault = kind === "branch" && name === default_branch;
  return new Map<string, Value>(
    Object.entries({ name, full: ref, kind, is_default: isDefault, default_branch }),
  );
}

/** All null when the event is no pull request. */
function pullRequestValues({ pull_request }: PipelineEvent): ValueMap {
  return new Map<string, Value>([
    ["number", pull_request?.number ?? null],
    ["action", pull_request?.action ?? null],
    ["target", pull_request ? shortRef(pull_request.target_ref) : null],
    ["target_sha", pull_request?.target_sha ?? null],
    ["source", pull_request ? shortRef(pull_request.source_ref) : null],
    ["from_fork", pull_request?.from_fork ?? null],
    ["draft", pull_request?.draft ?? null],
  ]);
}

function changeValues({ base, changed }: ChangeSet): ValueMap {
  return new Map<string, Value>([
    ["known", changed !== null],
    ["base", base],
    ["total", changed?.length ?? null],
    ["paths", changed?.map(({ path }) => path) ?? []],
  ]);
}

/** `refs/heads/main` and `refs/tags/v1` without their prefix; anything else as it is. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, "");
}

/** An input without a value may get one from another event, so it must be given a default before use. */
export function inputsType(inputs: InputValues): Type {
  const types = Array.from(
    inputs,
    ([name, value]) => [name, value === null ? ANY : typeOfScalar(value)] as const,
  );
  return mapOf(new Map(types));
}

/** The types of one map of values, which all jobs of a pipeline share. */
const typesOfMaps = new WeakMap<ValueMap, Type>();

function typeOfMap(values: ValueMap): Type {
  const known = typesOfMaps.get(values);
  if (known !== undefined) return known;
  const type = mapOf(new Map(Array.from(values, ([key, value]) => [key, typeOfScalar(value)])));
  typesOfMaps.set(values, type);
  return type;
}

export function typeOfScalar(value: Value): Type {
  if (typeof value === "string") return STRING;
  return typeof value === "number" ? NUMBER : BOOLEAN;
}
