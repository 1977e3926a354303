import type { PlanLateValue } from "../../schemas/plan-job-parts.ts";
import type { PlanJob, PlanNeed, PlanStep } from "../../schemas/plan.ts";
import { Binder, type BoundStep, bindJob } from "../language/bind.ts";
import { checkNeededCount, reportUnknownArtifact } from "../language/check-needed-artifacts.ts";
import type { JobModel, NeedModel } from "../language/model.ts";
import { remembered } from "../remembered.ts";
import type { PlanJobContext } from "./plan-job-context.ts";
import { planLate, readLate } from "./plan-late.ts";
import { planParts } from "./plan-parts.ts";

/**
 * A selected job with every expression worked out. What has no value for this event is a finding. It follows from the
 * job, from what the context is asked and from places alone, so that PlannedJobs may remember it.
 */
export function planJob(job: JobModel, context: PlanJobContext): PlanJob {
  const { placeOf, shared } = context;
  const binder = new Binder(context.scope, context.report);
  const bound = bindJob(job, binder);
  const late = planLate(job.env, null, { ...context, needs: job.needs, binder });
  const planned = (own: PlanJobContext): PlannedSteps => planSteps(job, own);
  const inSteps = stepsReadLate(job.steps) ? planned(context) : shared.of(job.steps, context, planned);
  const needs = job.needs.length === 0 ? NO_NEEDS : planAllNeeds(job, binder, context);
  return {
    key: job.key,
    job: job.id,
    name: bound.name ?? job.key,
    matrix: job.matrix === null ? null : Object.fromEntries(job.matrix),
    component: job.component === null ? null : { ...job.component },
    start: context.start,
    image: bound.image,
    workdir: bound.workdir,
    shell: job.shell,
    env: { ...bound.env, ...late.known },
    late: late.late.length === 0 ? inSteps.late : [...late.late, ...inSteps.late],
    steps: inSteps.steps,
    needs,
    runner: job.runner,
    resources: planResources(job.resources),
    required: job.required,
    allow_failure: job.allowFailure,
    retry: planRetry(job.retry),
    timeout_ms: job.timeoutMs,
    queue_timeout_ms: job.queueTimeoutMs,
    priority: job.priority,
    cancel: planCancel(job.cancel),
    ...planParts(job, context),
    place: placeOf(job.span),
  };
}

const NO_NEEDS: readonly PlanNeed[] = [];

function planAllNeeds(job: JobModel, binder: Binder, context: PlanJobContext): readonly PlanNeed[] {
  const needs = job.needs.flatMap((need) => planNeeds(need, binder, context));
  const needed = needs.reduce((count, { artifacts }) => count + artifacts.length, 0);
  checkNeededCount(job, needed, context.report);
  return needs;
}

interface PlannedSteps {
  readonly steps: readonly PlanStep[];
  readonly late: readonly PlanLateValue[];
}

/** What reads a needed job follows from how the instance is bound to it. */
const stepsReadLate = remembered((steps: JobModel["steps"]): boolean =>
  steps.some(({ env }) => readLate(env)),
);

function planSteps({ steps, needs }: JobModel, context: PlanJobContext): PlannedSteps {
  const binder = new Binder(context.scope, context.report);
  const bound = steps.flatMap((step) => binder.step(step));
  const late = bound.map(({ model }, index) => planLate(model.env, index, { ...context, needs, binder }));
  return {
    steps: bound.map((step, index) => planStep(step, late[index]?.known ?? {}, context.placeOf)),
    late: late.flatMap((one) => one.late),
  };
}

const planResources = remembered(
  ({ cpuMillis, memoryBytes, diskBytes, pids }: JobModel["resources"]): PlanJob["resources"] => ({
    cpu_millis: cpuMillis,
    memory_bytes: memoryBytes,
    disk_bytes: diskBytes,
    pids,
  }),
);

const planRetry = remembered(({ max, on, delayMs }: JobModel["retry"]): PlanJob["retry"] => ({
  max,
  on,
  delay_ms: delayMs,
}));

const planCancel = remembered(({ signal, graceMs }: JobModel["cancel"]): PlanJob["cancel"] => ({
  signal,
  grace_ms: graceMs,
}));

/**
 * What the plan leaves out has ended before the run begins, so only edges to planned jobs remain. Of
 * several instances each gives the artifacts that it has; one that none has is a finding.
 */
function planNeeds(
  need: NeedModel,
  binder: Binder,
  { planned, placeOf, report }: PlanJobContext,
): readonly PlanNeed[] {
  const place = placeOf(need.job.span);
  const needed = need.keys.flatMap((key) => planned.get(key) ?? []);
  const has = ({ artifacts }: PlanJob, wanted: string): boolean =>
    artifacts.some(({ name }) => name === wanted);
  const wanted = need.artifacts.map((artifact) => ({ name: binder.text(artifact), span: artifact.span }));
  const missing =
    needed.length === 0 ? [] : wanted.filter(({ name }) => !needed.some((job) => has(job, name)));
  for (const { name, span } of missing) {
    const names = needed.flatMap(({ artifacts }) => artifacts.map((artifact) => artifact.name));
    reportUnknownArtifact({ job: need.job.value, span: need.job.span, names }, name, span, report);
  }
  return needed.map((job) => ({
    job: job.key,
    when: need.when,
    artifacts: wanted.filter(({ name }) => has(job, name)).map(({ name }) => name),
    place,
  }));
}

function planStep(
  { name, run, env, model }: BoundStep,
  known: Readonly<Record<string, string>>,
  placeOf: PlanJobContext["placeOf"],
): PlanStep {
  return {
    name,
    run,
    env: { ...env, ...known },
    timeout_ms: model.timeoutMs,
    continue_on_error: model.continueOnError,
    always: model.always,
    place: placeOf(model.span),
  };
}
