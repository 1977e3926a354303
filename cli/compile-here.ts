import {
  type absentInstance,
  compile,
  type CompileInput,
  type CompileResult,
  type OperatorPolicy,
  type PlanLimits,
  Preparations,
  inputTexts,
  preferredBase,
} from "../compiler/index.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";
import type { SourceTexts } from "../compiler/diagnostics/index.ts";
import {
  readCompileInput,
  resolveCommit,
  worktreeCommit,
  type GitRepository,
  type ReadRequest,
} from "../control-plane/git/index.ts";
import type { BaseRung, ChangedPath } from "../schemas/changes.ts";
import type { PipelineEvent } from "../schemas/event.ts";
import type { Plan } from "../schemas/plan.ts";
import type { GivenBaseRule } from "./base-rule-flag.ts";
import type { ChangeFlags } from "./change-flags.ts";
import { withChangedFiles } from "./changed-files.ts";
import { CliFailure } from "./failure.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import { readForPipeline } from "./read-for-pipeline.ts";
import { openHere, readingGit } from "./repository.ts";

export interface CompileRequest extends ChangeFlags {
  /** Why `base` is the base, where only a control plane could know; absent: it was named. */
  readonly baseRule?: GivenBaseRule | undefined;
  /** Full ids of commits that are taken not to be here. */
  readonly missing?: readonly string[] | undefined;
  /** Paths to count as changed whatever did; absent: what differs between base and head. */
  readonly changedFiles?: readonly ChangedPath[] | undefined;
  /** Null: an event like a push of the head is made from what the repository says of itself. */
  readonly event: PipelineEvent | null;
  readonly jobs: readonly string[];
  readonly all: boolean;
  readonly limits: PlanLimits;
  readonly policy: OperatorPolicy | null;
}

export interface Compiled {
  readonly input: CompileInput;
  readonly result: CompileResult;
  readonly sources: SourceTexts;
  /** What further questions about the same pipeline are answered from. */
  readonly preparations: Preparations;
}

/** Compiles a change in the repository around this process, exactly as the server would. */
export async function compileHere(request: CompileRequest): Promise<Compiled> {
  const repository = await openHere();
  return readingGit(async () => {
    const { head } = request;
    const event = request.worktree
      ? await worktreeEvent(repository)
      : request.event && (await exactly(repository, request.event));
    const read: ReadRequest = {
      ...readForPipeline(repository),
      ...(event === null ? (head === undefined ? {} : { head }) : { event, head: event.head }),
      ...(await baseOf(request, repository)),
      missing: request.missing ?? [],
    };
    const real = await readCompileInput(repository, read);
    if (request.baseRule === "last_green") requireLastGreen(real.changes.ladder);
    const sources = request.changedFiles === undefined ? real : withChangedFiles(real, request.changedFiles);
    const input = {
      ...sources,
      compilerVersion: PROGRAM_VERSION,
      request: { jobs: request.jobs, all: request.all },
      limits: request.limits,
      policy: request.policy,
    };
    const preparations = new Preparations();
    const result = compile(input, undefined, preparations);
    return { input, result, sources: inputTexts(input), preparations };
  });
}

/** Made-up changes are changes of the head itself, unless a base was named. */
async function baseOf(
  { base, baseRule, missing = [], changedFiles, head, event }: CompileRequest,
  repository: GitRepository,
): Promise<Pick<ReadRequest, "base" | "baseRequest">> {
  if (changedFiles !== undefined) return { base: base ?? event?.head ?? head ?? "HEAD" };
  if (base === undefined) return {};
  if (baseRule === undefined) return { base };
  const lastGreen = missing.includes(base) ? base : await resolveCommit(repository, base);
  return { baseRequest: (tree, pinned) => ({ prefer: preferredBase(tree, pinned), lastGreen }) };
}

function requireLastGreen(ladder: readonly BaseRung[]): void {
  const asked = ladder.some(({ rule, why }) => rule === "last_green" && why !== "not asked for");
  if (asked) return;
  const hint = "Only `changes: { base: last_green }` compares with it; leave out --base-rule to name a base.";
  throw new CliFailure("usage", "the pipeline of this commit does not ask for the last green run", hint);
}

/** A push of the working tree, as if it were committed on the branch that is checked out. */
async function worktreeEvent(repository: GitRepository): Promise<PipelineEvent> {
  const [head, { event }] = await Promise.all([
    worktreeCommit(repository),
    readCompileInput(repository, { base: "HEAD", wanted: () => false }),
  ]);
  return { ...event, head };
}

/**
 * The event with full commit ids in place of revisions, as the forge would have sent it. A `before`
 * that is not here stays as it is: that it is missing is for the plan to say.
 */
async function exactly(repository: GitRepository, event: PipelineEvent): Promise<PipelineEvent> {
  const head = await resolveCommit(repository, event.head);
  const { before } = event;
  if (before === null || /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(before)) return { ...event, head };
  return { ...event, head, before: await resolveCommit(repository, before) };
}

export interface Planned {
  readonly plan: Plan;
  readonly digest: string;
  readonly canonical: string;
}

/** The plan of a compilation that gave one. */
export function plannedOf({ plan, digest, canonical }: CompileResult): Planned | null {
  return plan === null || digest === null || canonical === null ? null : { plan, digest, canonical };
}

/** Throws `job_unknown` when the request named a job that the pipeline does not define. */
export function refuseUnknownJobs({ diagnostics }: CompileResult): void {
  const unknown = diagnostics.find(({ code }) => code === "DC1251");
  if (unknown === undefined) return;
  const hint = unknown.message.includes("did you mean") ? null : "`delta plan --full` lists the jobs.";
  throw new CliFailure("job_unknown", unknown.message.replace(/^There/, "there"), hint);
}

/** Throws `job_unknown` unless the pipeline defines every job named; an id stands for all its matrix cells. */
export function requireJobs(plan: Plan, jobs: readonly string[]): void {
  const known = [...new Set(plan.decisions.flatMap(({ key, job }) => [job, key]))];
  const unknown = jobs.find((job) => !known.includes(job));
  if (unknown === undefined) return;
  const near = suggest(unknown, known);
  const hint =
    near === null ? `It has: ${firstOf(plan.decisions.map(({ job }) => job))}.` : `Did you mean ${near}?`;
  throw new CliFailure("job_unknown", `the pipeline has no job \`${unknown}\``, hint);
}

/** Jobs that an error names; instances of one are one. */
const NAMED_MAX = 20;

function firstOf(jobs: readonly string[]): string {
  const ids = [...new Set(jobs)];
  const more = ids.length > NAMED_MAX ? [`and ${ids.length - NAMED_MAX} more`] : [];
  return [...ids.slice(0, NAMED_MAX), ...more].join(", ");
}

/** Throws `job_unknown` for a key that is nobody's; `absent` says why, when it looks like a component's instance. */
export function requireInstance(absent: ReturnType<typeof absentInstance>, plan: Plan, job: string): void {
  if (absent?.decision === null) throw new CliFailure("job_unknown", absent.because);
  requireJobs(plan, [job]);
}
