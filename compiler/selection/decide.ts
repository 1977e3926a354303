import type { PipelineEvent } from "../../schemas/event.ts";
import type { CompileInput } from "../input.ts";
import type { Scope } from "../expressions/index.ts";
import type { JobModel } from "../language/model.ts";
import type { Doubt } from "./doubt.ts";
import { judgeCondition, type Judging } from "./judge-condition.ts";
import { isWithoutComponent, judgeInstance, nothingToRunFor } from "./judge-for-each.ts";
import { judgeRules } from "./judge-rules.ts";
import { narrowToRequest } from "./request.ts";
import { settleNeeds } from "./settle-needs.ts";
import type { Verdict } from "./verdict.ts";
import { withholdFromForks } from "./withhold-from-forks.ts";

export interface DecideInput {
  /** Why the pipeline as a whole does not run; null when it does. */
  readonly refused: Verdict | null;
  /** Every instance of the model's jobs, each after what it needs. */
  readonly ordered: readonly JobModel[];
  readonly request: CompileInput["request"];
  readonly trust: PipelineEvent["trust"];
  readonly judging: Judging;
  readonly scopeOf: (job: JobModel) => Scope;
  /** Why the job's path conditions say nothing. */
  readonly doubtOf: (job: JobModel) => Doubt | null;
}

/** One verdict for every job of the pipeline, by key. */
export function decide(input: DecideInput): ReadonlyMap<string, Verdict> {
  const { ordered, request, judging, refused, trust } = input;
  if (refused !== null) return new Map(ordered.map(({ key }) => [key, refused]));
  const judged = new Map(ordered.map((job) => [job.key, judgeJob(job, input)]));
  const asked =
    request.jobs.length === 0 ? judged : narrowToRequest(request.jobs, ordered, judged, judging.report);
  return settleNeeds(ordered, asked, (job) => withholdFromForks(job, trust));
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
