import type { ChangeSet } from "../../schemas/changes.ts";
import type { Diagnostic, Place, Span } from "../../schemas/diagnostic.ts";
import { PlaceFinder } from "../diagnostics/index.ts";
import { Report, sortDiagnostics } from "../diagnostics/report.ts";
import { MATCH_WORK_MAX, type MatchBudget, pathTest } from "../globs/index.ts";
import type { CompileInput, CompileResult } from "../input.ts";
import { inputTexts } from "../input-texts.ts";
import { Binder } from "../language/bind.ts";
import type { JobModel, LoadInput, PipelineModel, PipelineRuleModel, RuleModel } from "../language/index.ts";
import { PLAN_LIMITS_DEFAULT } from "../language/plan-limits.ts";
import { globMatchesNoFile } from "../lints/index.ts";
import { comparePaths } from "../paths.ts";
import { NO_PINNED } from "../pinned.ts";
import { EffectivePolicy } from "../policy/effective.ts";
import { changedPaths, changeFacts } from "../selection/change-facts.ts";
import { decide } from "../selection/decide.ts";
import { type Doubt, mergeDoubts } from "../selection/doubt.ts";
import { expandForEach } from "../selection/expand-for-each.ts";
import { judgePipeline } from "../selection/judge-pipeline.ts";
import { inNeedOrder } from "../selection/settle-needs.ts";
import { buildPlan } from "./build-plan.ts";
import { componentChanges, localPaths, textsOf } from "./component-changes.ts";
import { type DefinitionChanges, definitionChanges, NO_DEFINITION_CHANGES } from "./definition-changes.ts";
import { canonicalPlan, planDigest } from "./digest.ts";
import { jobScopes } from "./job-scopes.ts";
import { planJobs, settleJobs } from "./plan-jobs.ts";
import { planConcurrency } from "./plan-parts.ts";
import { lengthProblem } from "./plan-size.ts";
import { Preparations } from "./prepare.ts";

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
  const loaded = preparations.of(loadInputOf(input));
  if (loaded.model === null) return failed(loaded.diagnostics);
  const report = new Report();
  const { model, sources, lists, pathLists } = loaded;
  const advice = new Report();
  globMatchesNoFile(pathLists, [input.head, input.base], advice);
  const budget: MatchBudget = { left: MATCH_WORK_MAX };
  const changes = inPathOrder(input.changes);
  const isIgnored = pathTest(textsOf(model.changes.ignore), budget);
  const configuration = new Set(localPaths(sources));
  const places = new PlaceFinder(inputTexts(input));
  const placeOf = (span: Span): Place => places.place(span.file, span.start);
  const affected = componentChanges({ model, sources }, input, changes, { isIgnored, placeOf, budget });
  const facts = changeFacts(changes, input, pathLists, isIgnored, affected, budget);
  const definitions = definitionsOf(model, configuration, input, changes, preparations);
  const { event, request } = input;
  const judging = { facts, lists, report, all: request.all };
  const pipelineScope = jobScopes(model, model.vars, input, changes)(null);
  const pipelineView = { event, request, scope: pipelineScope, doubt: definitions.doubtOf(null) };
  const { refused, vars, rule } = judgePipeline(model, judging, pipelineView);
  const scopeOf = jobScopes(model, vars, input, changes);
  const { components } = affected.graph;
  const expanded = expandForEach({
    jobs: model.jobs,
    components,
    request,
    limits: input.limits ?? PLAN_LIMITS_DEFAULT,
    judging,
    doubtOf: definitions.doubtOf,
  });
  if (expanded === null)
    return failed(
      sortDiagnostics([
        ...loaded.diagnostics,
        ...loaded.origins.trace([...loaded.advice, ...report.settle()]),
      ]),
    );
  const { jobs: instances, writtenAs } = expanded;
  const ordered = inNeedOrder(instances);
  const doubtOf = (job: JobModel): Doubt | null => definitions.doubtOf(writtenAs(job));
  const verdicts = decide({ refused, ordered, request, trust: event.trust, judging, scopeOf, doubtOf });
  onRules?.({ ofPipeline: rule, ofJob: (key) => verdicts.get(key)?.rule ?? null });
  const policy = new EffectivePolicy([model.policies, input.policy?.document ?? null]);
  const { limits = PLAN_LIMITS_DEFAULT } = input;
  const planning = { verdicts, policy, scopeOf, placeOf, report, limits };
  const settled = settleJobs(instances, planning);
  const jobs = planJobs(inNeedOrder(settled), planning);
  const binder = new Binder(scopeOf(null), report);
  const concurrency = planConcurrency(model.concurrency, { binder, report });
  const later = [...loaded.advice, ...report.settle(), ...advice.settle()];
  const found = [...loaded.diagnostics, ...affected.diagnostics, ...loaded.origins.trace(later)];
  const diagnostics = sortDiagnostics(found);
  if (diagnostics.some(({ severity }) => severity === "error")) return failed(diagnostics);
  const uncertain = mergeDoubts(
    changes.uncertain,
    affected.uncertain,
    definitions.uncertain,
    facts.uncertain,
  );
  const built = buildPlan({
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
  const { plan, canonical } = canonicalPlan(built);
  const tooLong = lengthProblem(canonical, limits);
  if (tooLong.length > 0) return failed(sortDiagnostics([...diagnostics, ...tooLong]));
  return { plan, digest: planDigest(canonical), canonical, diagnostics };
}

/**
 * A compile that remembers the pipelines it met, for whoever compiles many commits of the same ones: it
 * prepares each once and gives the same plans. What it remembers is bounded.
 */
export function createCompiler(): (input: CompileInput) => CompileResult {
  const preparations = new Preparations();
  return (input) => compile(input, undefined, preparations);
}

function loadInputOf({
  head,
  event,
  limits = PLAN_LIMITS_DEFAULT,
  pinned = NO_PINNED,
}: CompileInput): LoadInput {
  return { head, event, limits, pinned };
}

function failed(diagnostics: readonly Diagnostic[]): CompileResult {
  return { plan: null, digest: null, canonical: null, diagnostics };
}

/** Whoever read the changes may have read them in any order; the plan knows one. */
function inPathOrder(changes: ChangeSet): ChangeSet {
  const changed = changes.changed?.toSorted(
    (left, right) =>
      comparePaths(left.path, right.path) || comparePaths(left.old_path ?? "", right.old_path ?? ""),
  );
  return { ...changes, changed: changed ?? null };
}

function definitionsOf(
  model: PipelineModel,
  configuration: ReadonlySet<string>,
  input: CompileInput,
  changes: ChangeSet,
  preparations: Preparations,
): DefinitionChanges {
  const changed = changedPaths(changes, () => false).filter((path) => configuration.has(path));
  if (changed.length === 0) return NO_DEFINITION_CHANGES;
  const { base } = input;
  const before = base === null ? null : preparations.of({ ...loadInputOf(input), head: base }).model;
  return definitionChanges(model, before, changed);
}
