import type { Place, Span } from "../../schemas/diagnostic.ts";
import { Report, sortDiagnostics } from "../diagnostics/report.ts";
import type { CompileInput, CompileResult } from "../input.ts";
import { Binder } from "../language/bind.ts";
import type { PipelineRuleModel, RuleModel } from "../language/index.ts";
import { PLAN_LIMITS_DEFAULT } from "../language/plan-limits.ts";
import { globMatchesNoFile } from "../lints/index.ts";
import { EffectivePolicy } from "../policy/effective.ts";
import { mergeDoubts } from "../selection/doubt.ts";
import { inNeedOrder } from "../selection/settle-needs.ts";
import { buildPlan } from "./build-plan.ts";
import { CommitFacts } from "./commit-facts.ts";
import { canonicalPlan, planDigest } from "./digest.ts";
import { planJobs, settleJobs } from "./plan-jobs.ts";
import { planConcurrency } from "./plan-parts.ts";
import { lengthProblem } from "./plan-size.ts";
import { loadInputOf, Preparations } from "./prepare.ts";
import { selectJobs } from "./select-jobs.ts";

/** The rules whose `set` holds, for whoever names where values come from. */
export interface RulesHeld {
  readonly ofPipeline: PipelineRuleModel | null;
  readonly ofJob: (key: string) => RuleModel | null;
}

/**
 * Compiles the pipeline of one commit for one event. Never throws for what a user wrote, and reads
 * nothing but its input: the same input gives the same plan, to the byte, on every machine.
 */
export function compile(
  input: CompileInput,
  onRules?: (held: RulesHeld) => void,
  preparations = new Preparations(),
): CompileResult {
  const { plan: built, diagnostics } = makePlan(input, preparations, onRules);
  if (built === null) return { plan: null, digest: null, canonical: null, diagnostics };
  const { plan, canonical } = canonicalPlan(built, preparations.plannedJobs);
  const tooLong = lengthProblem(canonical, input.limits ?? PLAN_LIMITS_DEFAULT);
  if (tooLong.length > 0)
    return {
      plan: null,
      digest: null,
      canonical: null,
      diagnostics: sortDiagnostics([...diagnostics, ...tooLong]),
    };
  return { plan, digest: planDigest(canonical), canonical, diagnostics };
}

/** A compile without the plan's canonical form, which takes half the time of a large one. */
export function makePlan(
  input: CompileInput,
  preparations: Preparations,
  onRules?: (held: RulesHeld) => void,
): Pick<CompileResult, "plan" | "diagnostics"> {
  const loaded = preparations.of(loadInputOf(input));
  if (loaded.model === null) return { plan: null, diagnostics: loaded.diagnostics };
  const { model, sources, pathLists } = loaded;
  const advice = new Report();
  globMatchesNoFile(pathLists, [input.head, input.base], advice);
  const commits = new CommitFacts(loaded, input, preparations);
  const { changes, affected, facts, definitions, scopeOf, report, decided } = selectJobs(
    loaded,
    commits,
    input,
  );
  if (decided === null) {
    const later = loaded.origins.trace([...loaded.advice, ...report.settle()]);
    return { plan: null, diagnostics: sortDiagnostics([...loaded.diagnostics, ...later]) };
  }
  const { instances, verdicts, rule } = decided;
  onRules?.({ ofPipeline: rule, ofJob: (key) => verdicts.get(key)?.rule ?? null });
  const policy = new EffectivePolicy([model.policies, input.policy?.document ?? null]);
  const placeOf = (span: Span): Place => commits.placeOf(span);
  const { limits = PLAN_LIMITS_DEFAULT } = input;
  const remembered = preparations.plannedJobs;
  const planning = { verdicts, policy, scopeOf, placeOf, report, limits, remembered, written: model.jobs };
  const settled = settleJobs(instances, planning);
  const jobs = planJobs(inNeedOrder(settled), planning);
  const binder = new Binder(scopeOf(null), report);
  const concurrency = planConcurrency(model.concurrency, { binder, report });
  const later = [...loaded.advice, ...report.settle(), ...advice.settle()];
  const found = [...loaded.diagnostics, ...affected.diagnostics, ...loaded.origins.trace(later)];
  const diagnostics = sortDiagnostics(found);
  if (diagnostics.some(({ severity }) => severity === "error")) return { plan: null, diagnostics };
  const uncertain = mergeDoubts(
    changes.uncertain,
    affected.uncertain,
    definitions.uncertain,
    facts.uncertain,
  );
  const plan = buildPlan({
    input,
    changes,
    model,
    instances: settled,
    policy,
    sources,
    affected,
    uncertain,
    concurrency,
    jobs,
    verdicts,
    placeOf,
  });
  return { plan, diagnostics };
}

/**
 * A compile that remembers the pipelines it met, for whoever compiles many commits of the same ones: it
 * prepares each once and gives the same plans. What it remembers is bounded.
 */
export function createCompiler(preparations = new Preparations()): (input: CompileInput) => CompileResult {
  return (input) => compile(input, undefined, preparations);
}
