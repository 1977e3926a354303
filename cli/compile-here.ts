import {
  compile,
  type CompileInput,
  type CompileResult,
  type OperatorPolicy,
  type PlanLimits,
} from "../compiler/index.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";
import { textsOf, type SourceTexts } from "../compiler/diagnostics/index.ts";
import {
  readCompileInput,
  resolveCommit,
  worktreeCommit,
  type GitRepository,
  type ReadRequest,
} from "../control-plane/git/index.ts";
import type { PipelineEvent } from "../schemas/event.ts";
import type { Plan } from "../schemas/plan.ts";
import type { ChangeFlags } from "./change-flags.ts";
import { CliFailure } from "./failure.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import { READ_FOR_PIPELINE } from "./read-for-pipeline.ts";
import { openHere, readingGit } from "./repository.ts";

export interface CompileRequest extends ChangeFlags {
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
      ...READ_FOR_PIPELINE,
      ...(event === null ? (head === undefined ? {} : { head }) : { event, head: event.head }),
      ...(request.base === undefined ? {} : { base: request.base }),
    };
    const sources = await readCompileInput(repository, read);
    const input = {
      ...sources,
      compilerVersion: PROGRAM_VERSION,
      request: { jobs: request.jobs, all: request.all },
      limits: request.limits,
      policy: request.policy,
    };
    return { input, result: compile(input), sources: textsOf(input.head.contents) };
  });
}

/** A push of the working tree, as if it were committed on the branch that is checked out. */
async function worktreeEvent(repository: GitRepository): Promise<PipelineEvent> {
  const [head, { event }] = await Promise.all([
    worktreeCommit(repository),
    readCompileInput(repository, { base: "HEAD", wanted: () => [] }),
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
  if (unknown !== undefined) throw new CliFailure("job_unknown", unknown.message);
}

/** Throws `job_unknown` unless the pipeline defines every job named; an id stands for all its matrix cells. */
export function requireJobs(plan: Plan, jobs: readonly string[]): void {
  const known = [...new Set(plan.decisions.flatMap(({ key, job }) => [job, key]))];
  const unknown = jobs.find((job) => !known.includes(job));
  if (unknown === undefined) return;
  const near = suggest(unknown, known);
  const hint = near === null ? `It has: ${known.slice(0, 20).join(", ")}.` : `Did you mean ${near}?`;
  throw new CliFailure("job_unknown", `the pipeline has no job ${unknown}`, hint);
}
