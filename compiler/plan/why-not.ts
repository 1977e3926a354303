import type { ChangedPath } from "../../schemas/changes.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { Decision, Plan } from "../../schemas/plan.ts";
import { isGlobProblem, matchesGlob, parseGlob } from "../globs/index.ts";
import type { CompileInput } from "../input.ts";
import { loadPipeline, type PipelineModel } from "../language/index.ts";
import { comparePaths, isInside } from "../paths.ts";
import { conditionsOf } from "../selection/path-lists.ts";
import { named } from "../selection/sentence.ts";
import { compile } from "./compile.ts";

/** A difference to the input, in words that complete "it would run if ...". */
interface Candidate {
  readonly words: string;
  readonly apply: (input: CompileInput) => CompileInput;
}

export interface WhyNot {
  readonly job: string;
  /** The decisions as they are: one for each cell of the job's matrix. */
  readonly decisions: readonly Decision[];
  /** True when at least one of them runs already. */
  readonly runs: boolean;
  /** The smallest differences found, each compiled and seen to work; `it would run if ...`. */
  readonly wouldRunIf: readonly string[];
  readonly tried: number;
}

/** Compiles spent on one question; single differences come first, pairs while there is room. */
const COMPILES_MAX = 60;

/**
 * The smallest difference that would run a job, found by trying: a changed path, another event, both.
 * Null when the input has no plan, or the plan no such job.
 */
export function whyNot(input: CompileInput, job: string): WhyNot | null {
  const { plan } = compile(input);
  const model = loadPipeline({ head: input.head, event: input.event }).model;
  if (plan === null || model === null) return null;
  const decisions = decisionsFor(plan, job);
  if (decisions.length === 0) return null;
  if (decisions.some(({ outcome }) => outcome === "selected")) {
    return { job, decisions, runs: true, wouldRunIf: [], tried: 0 };
  }
  const keys = new Set(decisions.map(({ key }) => key));
  const paths = pathCandidates(model, input, plan);
  const events = eventCandidates(model, input.event);
  const pairs = events.flatMap((event) => paths.map((path) => both(event, path)));
  let tried = 0;
  for (const candidates of [[...paths, ...events], pairs]) {
    const found: string[] = [];
    for (const { words, apply } of candidates) {
      if (tried >= COMPILES_MAX) break;
      tried += 1;
      const after = compile(apply(input)).plan;
      if (after?.jobs.some(({ key }) => keys.has(key)) === true) found.push(words);
    }
    if (found.length > 0) return { job, decisions, runs: false, wouldRunIf: found, tried };
  }
  return { job, decisions, runs: false, wouldRunIf: [], tried };
}

function decisionsFor(plan: Plan, job: string): readonly Decision[] {
  return plan.decisions.filter(({ key, job: id }) => key === job || id === job);
}

/** One path for each condition of the pipeline: a file that is there before one that would be new. */
function pathCandidates(model: PipelineModel, input: CompileInput, plan: Plan): readonly Candidate[] {
  const files = [...input.head.entries.keys()].sort(comparePaths);
  const paths = new Set<string>();
  const lists = [...conditionsOf(model).map(({ changes }) => changes), model.on.push?.paths ?? null];
  for (const list of lists) {
    for (const { value } of list?.globs ?? []) {
      const path = pathFitting(value, files);
      if (path !== null) paths.add(path);
    }
  }
  const roots = new Map(plan.components.affected.map(({ id, root }) => [id, root]));
  for (const { components } of conditionsOf(model)) {
    for (const { value } of components?.ids ?? []) {
      const path = files.find((file) => isInside(roots.get(value) ?? value, file));
      if (path !== undefined) paths.add(path);
    }
  }
  return [...paths].map((path) => ({
    words: `${named(path)} changed`,
    apply: (before) => withChange(before, { status: before.head.entries.has(path) ? "M" : "A", path }),
  }));
}

function pathFitting(source: string, files: readonly string[]): string | null {
  const glob = parseGlob(source);
  if (isGlobProblem(glob) || glob.negated) return null;
  const budget = { left: 1_000_000 };
  const existing = files.find((file) => matchesGlob(glob, file, budget));
  if (existing !== undefined) return existing;
  const made = source.replace(/\*\*/g, "new").replace(/\*/g, "new").replace(/\?/g, "x");
  return matchesGlob(glob, made, budget) ? made : null;
}

function withChange(input: CompileInput, change: ChangedPath): CompileInput {
  const { changed } = input.changes;
  return changed === null
    ? input
    : { ...input, changes: { ...input.changes, changed: [...changed, change] } };
}

/** Events that the pipeline knows: its branches and tags, a pull request, a person's request. */
function eventCandidates(model: PipelineModel, event: PipelineEvent): readonly Candidate[] {
  const main = event.default_branch ?? "main";
  const literal = (globs: readonly { readonly value: string }[] | undefined): readonly string[] =>
    (globs ?? []).map(({ value }) => value.replace(/\*+/g, "1")).filter((name) => /^[\w./-]+$/.test(name));
  const branches = new Set([main, ...literal(model.on.push?.branches?.globs)]);
  const tags = new Set([...literal(model.on.push?.tags?.globs), "v1.0.0"]);
  const pull = event.pull_request ?? {
    number: 1,
    action: "opened",
    target_ref: `refs/heads/${main}`,
    target_sha: event.before ?? event.head,
    source_ref: event.ref,
    from_fork: false,
    draft: false,
  };
  const action = model.on.pullRequest?.types?.[0]?.value ?? "opened";
  const variants: readonly (readonly [string, Partial<PipelineEvent>])[] = [
    ...[...branches].map(
      (name) => [`it were a push to the branch ${named(name)}`, pushOf(`refs/heads/${name}`)] as const,
    ),
    ...[...tags].map(
      (name) => [`it were a push of the tag ${named(name)}`, pushOf(`refs/tags/${name}`)] as const,
    ),
    [
      `it were a pull request (${named(action)})`,
      { kind: "pull_request", pull_request: { ...pull, action, from_fork: false } },
    ],
    ["a person started it", { kind: "manual", pull_request: null }],
    ["a schedule started it", { kind: "schedule", pull_request: null }],
    ["it were started by API", { kind: "api", pull_request: null }],
  ];
  return variants.map(([words, difference]) => ({
    words,
    apply: (input) => ({ ...input, event: { ...input.event, deleted: false, ...difference } }),
  }));
}

function pushOf(ref: string): Partial<PipelineEvent> {
  return { kind: "push", ref, pull_request: null, trust: "trusted" };
}

function both(first: Candidate, second: Candidate): Candidate {
  return {
    words: `${first.words} and ${second.words}`,
    apply: (input) => second.apply(first.apply(input)),
  };
}
