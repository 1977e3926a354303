import type { ChangeSet, Uncertainty } from "../../schemas/changes.ts";
import type { AffectedComponent } from "../../schemas/components.ts";
import type { Place, Span } from "../../schemas/diagnostic.ts";
import {
  type Decision,
  type Plan,
  PLAN_PATHS_MAX,
  type PlanChanges,
  type PlanConcurrency,
  type PlanJob,
  type PlanSource,
} from "../../schemas/plan.ts";
import type { AffectedResult } from "../components/index.ts";
import type { CompileInput } from "../input.ts";
import type { JobModel, PipelineModel } from "../language/model.ts";
import type { EffectivePolicy } from "../policy/effective.ts";
import type { Verdict } from "../selection/verdict.ts";

/** Causes kept for one affected component; one is enough to explain it, and a folder may have thousands. */
const COMPONENT_CAUSES_MAX = 20;

export interface PlanParts {
  readonly input: CompileInput;
  readonly changes: ChangeSet;
  readonly model: PipelineModel;
  /** Every job with its instances, in the pipeline's order. */
  readonly instances: readonly JobModel[];
  readonly sources: readonly PlanSource[];
  readonly affected: AffectedResult;
  readonly uncertain: readonly Uncertainty[];
  readonly concurrency: PlanConcurrency | null;
  readonly jobs: readonly PlanJob[];
  readonly policy: EffectivePolicy;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly placeOf: (span: Span) => Place;
}

/** The plan as it is hashed and stored. */
export function buildPlan(parts: PlanParts): Plan {
  const { input, model, affected } = parts;
  return {
    version: 1,
    compiler: input.compilerVersion,
    pipeline: { name: model.name, file: model.file },
    sources: parts.sources,
    event: input.event,
    changes: planChanges(parts.changes),
    components: {
      total: affected.graph.components.length,
      affected: affected.affected.map(withFewCauses),
    },
    uncertain: parts.uncertain,
    limits: parts.policy.limits(),
    concurrency: parts.concurrency,
    policy: input.policy ? { digest: input.policy.digest } : null,
    jobs: parts.jobs,
    decisions: parts.instances.map((job) => decision(job, parts)),
  };
}

function planChanges({ base, head, merge_base, rule, ladder, changed }: ChangeSet): PlanChanges {
  const paths = (changed ?? []).slice(0, PLAN_PATHS_MAX);
  return { base, head, merge_base, rule, ladder, total: changed?.length ?? 0, paths };
}

function withFewCauses(component: AffectedComponent): AffectedComponent {
  return { ...component, because: component.because.slice(0, COMPONENT_CAUSES_MAX) };
}

function decision(job: JobModel, { verdicts, placeOf }: PlanParts): Decision {
  const verdict = verdicts.get(job.key);
  if (verdict === undefined) throw new Error(`job ${job.key} has no verdict`);
  const { outcome, clause, because, chain, expression, values, uncertain } = verdict;
  return {
    key: job.key,
    job: job.id,
    required: job.required,
    outcome,
    clause,
    because,
    place: placeOf(verdict.span),
    matched: verdict.matched.map(({ path, glob, span }) => ({ path, glob, place: placeOf(span) })),
    chain,
    expression,
    values,
    uncertain,
    set: (verdict.rule?.set?.keys ?? []).map(({ value, span }) => ({ key: value, place: placeOf(span) })),
  };
}
