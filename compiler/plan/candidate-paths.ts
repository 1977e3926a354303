import type { Component } from "../../schemas/components.ts";
import { isGlobProblem, MATCH_WORK_MAX, matchesGlob, parseGlob, pathTest } from "../globs/index.ts";
import { COMPONENT_AXIS } from "../language/lower-for-each.ts";
import type { PipelineModel } from "../language/index.ts";
import { comparePaths } from "../paths.ts";
import { componentNames } from "../selection/component-names.ts";
import { conditionsOf } from "../selection/path-lists.ts";
import { textsOf } from "./component-changes.ts";
import { jobIdOf, ofJob } from "./find-decisions.ts";

/** Files that stand for more than themselves are named only when nothing ordinary would do. */
const WEIGHTY =
  /(?:^|\/)(?:package\.json|[^/]*lock[^/]*|Cargo\.toml|go\.(?:mod|sum|work)|\.gitmodules|\.delta\/.*)$/i;

/**
 * Files that might run a job if they changed, in groups, the likeliest first: what the job's own conditions are
 * about, then what is ordinary, then the rest; in a group shallow paths first, for they read best in an answer.
 */
export function candidatePaths(
  files: Iterable<string>,
  isOwn: (path: string) => boolean,
): readonly (readonly string[])[] {
  const groups: { readonly path: string; readonly depth: number }[][] = [[], [], []];
  for (const path of files) {
    const group = WEIGHTY.test(path) ? 2 : isOwn(path) ? 0 : 1;
    groups[group]?.push({ path, depth: path.split("/").length });
  }
  return groups
    .map((group) => group.sort((a, b) => a.depth - b.depth || comparePaths(a.path, b.path)))
    .map((group) => group.map(({ path }) => path));
}

/** Whether a path fits a glob of the job's conditions, or lies in a component that they name. */
export function ownPaths(
  model: PipelineModel,
  job: string,
  components: readonly Component[],
): (path: string) => boolean {
  const instances = ofJob(model.jobs, job);
  const jobs = instances.length > 0 ? instances : ofJob(model.jobs, jobIdOf(job));
  const asked = jobs.map((one) => ({
    ...one,
    rules: one.rules && one.rules.filter(({ run }) => run.value !== "never"),
  }));
  const conditions = conditionsOf({ ...model, rules: null, jobs: asked });
  const lists = new Set(conditions.flatMap(({ changes }) => (changes === null ? [] : [changes])));
  const budget = { left: MATCH_WORK_MAX };
  const tests = [...lists].map((list) => pathTest(textsOf(list), budget));
  const named = new Set(
    conditions.flatMap(({ components: list }) => list?.ids.map(({ value }) => value) ?? []),
  );
  const instance = new RegExp(`[[,]${COMPONENT_AXIS}=([^,\\]]*)`).exec(job)?.[1];
  const names = componentNames(components);
  const chosen = jobs.flatMap(({ forEach }) => forEach?.components ?? []);
  const isChosen = chosen.map((list) => pathTest(textsOf(list), budget));
  const isOwn = ({ id, root }: Component): boolean =>
    instance === undefined
      ? named.has(id) || named.has(root) || isChosen.some((test) => test(id) || test(root))
      : names.get(root) === instance;
  const roots = components.filter(isOwn).map(({ root }) => (root === "." ? "" : `${root}/`));
  return (path) => roots.some((root) => path.startsWith(root)) || tests.some((test) => test(path));
}

/** One new path for each glob that changed paths are held against. */
export function pathsThatCouldBe(model: PipelineModel): readonly string[] {
  const lists = [...conditionsOf(model).map(({ changes }) => changes), model.on.push?.paths];
  const paths = new Set<string>();
  for (const { value } of lists.flatMap((list) => list?.globs ?? [])) {
    const made = value.replace(/\*\*/g, "new").replace(/\*/g, "new").replace(/\?/g, "x");
    const glob = parseGlob(value);
    if (!isGlobProblem(glob) && !glob.negated && matchesGlob(glob, made, { left: 100_000 })) paths.add(made);
  }
  return [...paths];
}
