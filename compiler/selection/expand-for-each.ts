import type { Component } from "../../schemas/components.ts";
import type { CompileInput, PlanLimits } from "../input.ts";
import { instanceKey } from "../language/expand-matrix.ts";
import { COMPONENT_AXIS } from "../language/lower-for-each.ts";
import type { JobModel, NeedModel } from "../language/model.ts";
import { needEdgesMax, reportTooLarge } from "../language/plan-limits.ts";
import { admittedComponents } from "./component-filter.ts";
import { componentNames } from "./component-names.ts";
import type { Doubt } from "./doubt.ts";
import type { Judging } from "./judge-condition.ts";
import { counted, named } from "./sentence.ts";
import { inNeedOrder } from "./settle-needs.ts";

export interface ExpandInput {
  /** The jobs as written, after matrix. */
  readonly jobs: readonly JobModel[];
  /** The components at head. */
  readonly components: readonly Component[];
  readonly request: CompileInput["request"];
  readonly limits: PlanLimits;
  readonly judging: Judging;
  readonly doubtOf: (job: JobModel) => Doubt | null;
}

export interface ExpandedJobs {
  /** In the order written; the instances of one cell by root. A job without any stands for itself, once. */
  readonly jobs: readonly JobModel[];
  readonly writtenAs: (instance: JobModel) => JobModel;
}

/**
 * The jobs with one instance for each component that `for_each` chooses: those that are affected, all of
 * them in doubt or when asked, and those whose instance a chosen one builds on. Null when there are more
 * than a plan may hold, which is then reported.
 */
export function expandForEach(input: ExpandInput): ExpandedJobs | null {
  const { jobs, limits, judging } = input;
  if (jobs.every(({ forEach }) => forEach === null)) return { jobs, writtenAs: (job) => job };
  const names = componentNames(input.components);
  const chosen = chooseComponents(input, names);
  const written = new Map<string, JobModel>();
  const instances = new Map<string, readonly JobModel[]>();
  let count = 0;
  for (const job of jobs) {
    const components = chosen.get(job.id);
    count += components?.length ?? 1;
    if (count > limits.jobs) {
      const what = `With ${named(job.id)} the plan has more than ${limits.jobs} jobs`;
      const many = `${counted(components?.length ?? 1, "component")} to run for`;
      const remedy = `: it has ${many}; narrow them by \`components\``;
      reportTooLarge(judging.report, limits, { what, span: job.forEach?.span ?? job.span, remedy });
      return null;
    }
    const own =
      components === undefined ? [job] : components.map((component) => instanceOf(job, component, names));
    for (const instance of own) written.set(instance.key, job);
    instances.set(job.key, own);
  }
  const expanded = jobs
    .flatMap((job) => instances.get(job.key) ?? [])
    .map((job) => bindToInstances(job, instances));
  const standIns = jobs.filter(
    (job, index) => chosen.get(job.id)?.length === 0 && jobs[index - 1]?.id !== job.id,
  );
  for (const job of standIns) written.set(job.id, job);
  return isInLimits(expanded, limits, judging)
    ? {
        jobs: withStandIns(jobs, expanded, standIns),
        writtenAs: ({ key }) => written.get(key) ?? unknown(key),
      }
    : null;
}

/** By job id. Dependents come first, so that what their instances build on is known when its turn comes. */
function chooseComponents(
  { jobs, components, request, judging, doubtOf }: ExpandInput,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Component[]> {
  const { facts } = judging;
  const asked = new Set(request.jobs);
  const roots = new Map<string, Set<string>>();
  const admitted = new Map<string, readonly Component[]>();
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  for (const job of inNeedOrder(jobs).toReversed()) {
    if (job.forEach === null) continue;
    const narrowed = admitted.get(job.id) ?? admittedComponents(job.forEach.components, components, judging);
    admitted.set(job.id, narrowed);
    const everything = request.all || facts.doubt !== null || doubtOf(job) !== null || asked.has(job.id);
    const own = setOf(roots, job.id);
    for (const component of narrowed) {
      const isAsked = asked.size > 0 && asked.has(instanceOf(job, component, names).key);
      if (everything || isAsked || facts.affected.get(component.root)?.root === component.root)
        own.add(component.root);
    }
    const built = job.needs.filter(({ when, everyComponent }) => when === "success" && !everyComponent);
    for (const id of new Set(built.flatMap(({ keys }) => keys.map((key) => byKey.get(key)?.id ?? "")))) {
      const needed = setOf(roots, id);
      for (const root of own) needed.add(root);
    }
  }
  return new Map(
    Array.from(admitted, ([id, narrowed]) => [id, narrowed.filter(({ root }) => roots.get(id)?.has(root))]),
  );
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key) ?? new Set<string>();
  sets.set(key, known);
  return known;
}

function instanceOf(job: JobModel, component: Component, names: ReadonlyMap<string, string>): JobModel {
  const name = names.get(component.root) ?? component.root;
  const cell = [...(job.matrix ?? []), [COMPONENT_AXIS, name] as const];
  const sorted = new Map(cell.sort(([a], [b]) => (a < b ? -1 : 1)));
  const { id, root, kind } = component;
  return { ...job, key: instanceKey(job.id, sorted), component: { id, root, kind } };
}

/** One component's instance needs those of the same component; any other job needs all there are. */
function bindToInstances(job: JobModel, instances: ReadonlyMap<string, readonly JobModel[]>): JobModel {
  if (job.needs.length === 0) return job;
  const bind = (need: NeedModel): NeedModel => {
    const targets = need.keys.flatMap((key) => instances.get(key) ?? []);
    const root = need.everyComponent ? undefined : job.component?.root;
    const own = targets.filter(({ component }) => !root || !component || component.root === root);
    return { ...need, keys: own.map(({ key }) => key) };
  };
  return { ...job, needs: job.needs.map(bind) };
}

/** In place of a job without instances stands one record under its id, which needs nothing. */
function withStandIns(
  jobs: readonly JobModel[],
  expanded: readonly JobModel[],
  standIns: readonly JobModel[],
): readonly JobModel[] {
  if (standIns.length === 0) return expanded;
  const byId = Map.groupBy(expanded, ({ id }) => id);
  const empty = new Map(standIns.map((job) => [job.id, job]));
  return [...new Set(jobs.map(({ id }) => id))].flatMap((id) => {
    const job = empty.get(id);
    return job === undefined ? (byId.get(id) ?? []) : [{ ...job, key: id, matrix: null, needs: [] }];
  });
}

function isInLimits(jobs: readonly JobModel[], limits: PlanLimits, { report }: Judging): boolean {
  const most = needEdgesMax(limits);
  let edges = 0;
  for (const { id, span, needs } of jobs) {
    edges += needs.reduce((sum, { keys }) => sum + keys.length, 0);
    if (edges <= most) continue;
    const what = `With ${named(id)} the plan has more than ${most} needs between jobs`;
    reportTooLarge(report, limits, { what, span });
    return false;
  }
  return true;
}

function unknown(key: string): never {
  throw new Error(`${key} is an instance of no job`);
}
