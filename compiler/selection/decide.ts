import type { PipelineEvent } from "../../schemas/event.ts";
import type { CompileInput } from "../input.ts";
import type { Scope } from "../expressions/index.ts";
import type { JobModel, PipelineModel } from "../language/model.ts";
import { type Refusal, refusalOf } from "./admission.ts";
import type { Doubt } from "./doubt.ts";
import { judgeCondition, type Judging } from "./judge-condition.ts";
import { isWithoutComponent, judgeInstance, nothingToRunFor } from "./judge-for-each.ts";
import { judgeRules } from "./judge-rules.ts";
import { narrowToRequest } from "./request.ts";
import { settleNeeds } from "./settle-needs.ts";
import { type Verdict, verdict } from "./verdict.ts";

export interface DecideInput {
  readonly model: PipelineModel;
  /** Every instance of the model's jobs, each after what it needs. */
  readonly ordered: readonly JobModel[];
  readonly event: PipelineEvent;
  readonly request: CompileInput["request"];
  readonly judging: Judging;
  /** Names that expressions may read: of a job, or of the pipeline's own rules. */
  readonly scopeOf: (job: JobModel | null) => Scope;
  /** Why the job's path conditions say nothing; asked with null for the pipeline itself. */
  readonly doubtOf: (job: JobModel | null) => Doubt | null;
}

/** One verdict for every job of the pipeline, by key. */
export function decide(input: DecideInput): ReadonlyMap<string, Verdict> {
  const { ordered, request, judging } = input;
  const refused = refuse(input);
  if (refused !== null) return new Map(ordered.map(({ key }) => [key, refused]));
  const judged = new Map(ordered.map((job) => [job.key, judgeJob(job, input)]));
  const asked =
    request.jobs.length === 0 ? judged : narrowToRequest(request.jobs, ordered, judged, judging.report);
  return settleNeeds(ordered, asked);
}

/** Null when the pipeline runs for the event. What a person asked for does not go through `on`. */
function refuse({ model, event, request, judging, scopeOf, doubtOf }: DecideInput): Verdict | null {
  const { facts, lists } = judging;
  const doubt = doubtOf(null);
  if (request.jobs.length > 0) return null;
  const refusal: Refusal | null = request.all ? null : refusalOf(event, model.on, facts, lists, doubt);
  if (refusal !== null) return verdict("skipped", "on", refusal.because, refusal.span);
  if (model.rules === null) return null;
  const job = { scope: scopeOf(null), span: model.on.span, doubt };
  const judged = judgeRules(model.rules, model.on.span, judging, job);
  if (judged.outcome === "selected") return null;
  return { ...judged, clause: "rule", because: `the pipeline's own rules: ${judged.because}` };
}

function judgeJob(job: JobModel, { judging, scopeOf, doubtOf }: DecideInput): Verdict {
  // Without a component there are no values for the job's expressions, and nothing to run.
  if (isWithoutComponent(job)) return nothingToRunFor(job, judging.facts);
  const view = { scope: scopeOf(job), span: job.span, doubt: doubtOf(job) };
  const own =
    job.rules === null
      ? judgeCondition(job.condition, judging, view)
      : judgeRules(job.rules, job.span, judging, view);
  return judgeInstance(job, own, judging, view);
}
