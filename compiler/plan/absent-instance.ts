import type { Decision, Plan } from "../../schemas/plan.ts";
import { quote } from "../diagnostics/quote.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { CompileInput } from "../input.ts";
import { instanceKey } from "../language/expand-matrix.ts";
import { COMPONENT_AXIS } from "../language/lower-for-each.ts";
import type { JobModel } from "../language/index.ts";
import { componentNames } from "../selection/component-names.ts";
import { named } from "../selection/sentence.ts";
import { CommitFacts } from "./commit-facts.ts";
import { makePlan } from "./compile.ts";
import { findDecisions } from "./find-decisions.ts";
import { loadInputOf, Preparations } from "./prepare.ts";

/** Why the plan has no such instance of a job with `for_each`. */
export interface AbsentInstance {
  /** The decision it would have; null when the job has no such instance at all. */
  readonly decision: Decision | null;
  readonly because: string;
}

/**
 * A key of a job with `for_each` that the plan has no decision for: the decision it would have, as its component is not
 * affected or not chosen, or why there is no such instance. Null for any other key.
 */
export function absentInstance(
  input: CompileInput,
  plan: Plan,
  key: string,
  preparations = new Preparations(),
): AbsentInstance | null {
  if (findDecisions(plan, key).length > 0) return null;
  const prepared = preparations.of(loadInputOf(input));
  if (prepared.model === null) return null;
  const cells = prepared.model.jobs.filter(({ id, forEach }) => forEach !== null && key.startsWith(`${id}[`));
  const [job] = cells;
  if (job === undefined || job.forEach === null) return null;
  const commits = new CommitFacts(prepared, input, preparations);
  const { head } = commits.components;
  const names = componentNames(head.graph.components);
  const keys = new Map(
    cells.flatMap((cell) =>
      Array.from(names.values(), (name) => [keyFor(cell, name), { cell, name }] as const),
    ),
  );
  const found = keys.get(key);
  if (found === undefined)
    return { decision: null, because: whyNoKey(job, key, [...names.values()], [...keys.keys()]) };
  const asked = makePlan({ ...input, request: { jobs: [key], all: false } }, preparations);
  const isChosen = asked.plan !== null && findDecisions(asked.plan, key).length > 0;
  const { span, components } = job.forEach;
  const at = isChosen ? span : (components?.span ?? span);
  const because = isChosen
    ? `nothing that changed affects ${named(found.name)}`
    : `the job's \`components\` leave out ${named(found.name)}`;
  const decision: Decision = {
    key,
    job: job.id,
    required: found.cell.required,
    outcome: "skipped",
    clause: "components",
    because,
    place: commits.placeOf(at),
    matched: [],
    chain: [],
    expression: null,
    values: [],
    uncertain: [],
    set: [],
  };
  return { decision, because };
}

function keyFor({ id, matrix }: JobModel, component: string): string {
  const cell = [...(matrix ?? []), [COMPONENT_AXIS, component] as const];
  return instanceKey(id, new Map(cell.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function whyNoKey({ id }: JobModel, key: string, names: readonly string[], keys: readonly string[]): string {
  const name = new RegExp(`[[,]${COMPONENT_AXIS}=([^,\\]]*)`).exec(key)?.[1];
  if (name === undefined) return `${named(id)} has one instance for each component${didYouMean(key, keys)}`;
  if (names.includes(name)) return `${named(id)} has no cell ${quote(key)}${didYouMean(key, keys)}`;
  const [ending, ...others] = names.filter((other) => other.endsWith(`/${name}`));
  const near =
    ending === undefined || others.length > 0 ? didYouMean(name, names) : `; did you mean ${quote(ending)}?`;
  return `${named(id)} has no instance for ${quote(name)}: there is no such component${near}`;
}
