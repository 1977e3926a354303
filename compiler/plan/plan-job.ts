import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanJob, PlanNeed, PlanStep } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Scope } from "../expressions/index.ts";
import { type BoundStep, bindJob } from "../language/bind.ts";
import type { JobModel, NeedModel } from "../language/model.ts";

export interface PlanJobContext {
  readonly scope: Scope;
  readonly report: Report;
  readonly placeOf: (span: Span) => Place;
  /** Whether the plan holds a job with this key. */
  readonly isPlanned: (key: string) => boolean;
}

/** A selected job with every expression worked out. What has no value for this event is a finding. */
export function planJob(job: JobModel, context: PlanJobContext): PlanJob {
  const { placeOf } = context;
  const bound = bindJob(job, context.scope, context.report);
  return {
    key: job.key,
    job: job.id,
    name: bound.name ?? job.key,
    matrix: job.matrix === null ? null : Object.fromEntries(job.matrix),
    component: job.component === null ? null : { ...job.component },
    start: "auto",
    image: bound.image,
    workdir: bound.workdir,
    shell: job.shell,
    env: bound.env,
    late: [],
    checkout: { depth: 1 },
    steps: bound.steps.map((step) => planStep(step, placeOf)),
    needs: job.needs.flatMap((need) => planNeeds(need, context)),
    services: [],
    caches: [],
    artifacts: [],
    outputs: [],
    secrets: [],
    id_tokens: [],
    network: null,
    runner: { ...job.runner, labels: [] },
    resources: {
      cpu_millis: job.resources.cpuMillis,
      memory_bytes: job.resources.memoryBytes,
      disk_bytes: job.resources.diskBytes,
      pids: job.resources.pids,
    },
    required: job.required,
    allow_failure: job.allowFailure,
    retry: { max: job.retry.max, on: job.retry.on, delay_ms: job.retry.delayMs },
    timeout_ms: job.timeoutMs,
    queue_timeout_ms: job.queueTimeoutMs,
    no_output_timeout_ms: null,
    interruptible: true,
    priority: job.priority,
    concurrency: null,
    approval: null,
    environment: null,
    cells: null,
    cancel: { signal: job.cancel.signal, grace_ms: job.cancel.graceMs },
    place: placeOf(job.span),
  };
}

/** What the plan leaves out has ended before the run begins, so only edges to planned jobs remain. */
function planNeeds(need: NeedModel, { isPlanned, placeOf }: PlanJobContext): PlanNeed[] {
  const place = placeOf(need.job.span);
  return need.keys.filter(isPlanned).map((key) => ({ job: key, when: need.when, artifacts: [], place }));
}

function planStep({ name, run, env, model }: BoundStep, placeOf: PlanJobContext["placeOf"]): PlanStep {
  return {
    name,
    run,
    env,
    timeout_ms: model.timeoutMs,
    continue_on_error: model.continueOnError,
    always: model.always,
    place: placeOf(model.span),
  };
}
