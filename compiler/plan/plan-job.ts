import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanJob, PlanNeed, PlanStep } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import { evaluateExpression, renderTemplate, type Scope, type Template } from "../expressions/index.ts";
import type { JobModel, NeedModel, StepModel } from "../language/model.ts";

/** A step without a name is shown by the first line of its command, up to here. */
const STEP_NAME_CHARACTERS_MAX = 80;

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
  const text = (template: Template | null): string | null => render(template, context);
  return {
    key: job.key,
    job: job.id,
    name: text(job.name) ?? job.key,
    matrix: job.matrix === null ? null : Object.fromEntries(job.matrix),
    component: null,
    image: text(job.image),
    workdir: text(job.workdir) ?? ".",
    shell: job.shell,
    env: renderMap(job.env, context),
    steps: job.steps.filter((step) => stepRuns(step, context)).map((step) => planStep(step, context)),
    needs: job.needs.flatMap((need) => planNeeds(need, context)),
    runner: job.runner,
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
    priority: job.priority,
    cancel: { signal: job.cancel.signal, grace_ms: job.cancel.graceMs },
    place: placeOf(job.span),
  };
}

/** What the plan leaves out has ended before the run begins, so only edges to planned jobs remain. */
function planNeeds(need: NeedModel, { isPlanned, placeOf }: PlanJobContext): PlanNeed[] {
  const place = placeOf(need.job.span);
  return need.keys.filter(isPlanned).map((key) => ({ job: key, when: need.when, place }));
}

function planStep(step: StepModel, context: PlanJobContext): PlanStep {
  const run = render(step.run, context) ?? "";
  return {
    name: render(step.name, context) ?? firstLine(run),
    run,
    env: renderMap(step.env, context),
    timeout_ms: step.timeoutMs,
    continue_on_error: step.continueOnError,
    always: step.always,
    place: context.placeOf(step.span),
  };
}

function stepRuns(step: StepModel, { scope, report }: PlanJobContext): boolean {
  if (step.if === null) return true;
  const { value, problem } = evaluateExpression(step.if.expression, scope);
  if (problem !== null)
    report.add("DC1308", problem.span, `The condition cannot be worked out: ${problem.message}`);
  return value === true;
}

function firstLine(run: string): string {
  const line = run.trimStart().split("\n", 1)[0]?.trimEnd() ?? "";
  return line.length > STEP_NAME_CHARACTERS_MAX ? `${line.slice(0, STEP_NAME_CHARACTERS_MAX)}…` : line;
}

function render(template: Template | null, { scope, report }: PlanJobContext): string | null {
  if (template === null) return null;
  const { text, problem } = renderTemplate(template, scope);
  if (problem !== null)
    report.add("DC1308", problem.span, `The text cannot be worked out: ${problem.message}`);
  return text;
}

function renderMap(map: ReadonlyMap<string, Template>, context: PlanJobContext): Record<string, string> {
  return Object.fromEntries(Array.from(map, ([name, template]) => [name, render(template, context) ?? ""]));
}
