import type { ChangeSet } from "../../schemas/changes.ts";
import { Report } from "../diagnostics/report.ts";
import type { Scope } from "../expressions/index.ts";
import { MATCH_WORK_MAX, type MatchBudget, pathTest } from "../globs/index.ts";
import type { CompileInput, PlanLimits } from "../input.ts";
import type { JobModel, PipelineRuleModel } from "../language/index.ts";
import { PLAN_LIMITS_DEFAULT } from "../language/plan-limits.ts";
import { comparePaths } from "../paths.ts";
import { type ChangeFacts, changedPaths, changeFacts } from "../selection/change-facts.ts";
import { decide } from "../selection/decide.ts";
import type { Doubt } from "../selection/doubt.ts";
import { expandForEach } from "../selection/expand-for-each.ts";
import { judgePipeline } from "../selection/judge-pipeline.ts";
import { inNeedOrder } from "../selection/settle-needs.ts";
import type { Verdict } from "../selection/verdict.ts";
import type { CommitFacts } from "./commit-facts.ts";
import { type ComponentChanges, componentChanges, textsOf } from "./component-changes.ts";
import type { DefinitionChanges } from "./definition-changes.ts";
import { jobScopes } from "./job-scopes.ts";
import type { PreparedPipeline } from "./prepare.ts";

/** The part of a pipeline that is judged: all of it, or jobs with everything that their needs connect them to. */
export type JudgedPipeline = Pick<PreparedPipeline, "model" | "lists" | "pathLists">;

/** Which jobs a change selects, before anything of them is planned. */
export interface Selection {
  /** In path order. */
  readonly changes: ChangeSet;
  readonly affected: ComponentChanges;
  readonly facts: ChangeFacts;
  readonly definitions: DefinitionChanges;
  readonly scopeOf: (job: JobModel | null) => Scope;
  /** Findings of the selection; planning adds its own. */
  readonly report: Report;
  /** Null when there are more instances than the limits allow, which is reported. */
  readonly decided: DecidedJobs | null;
}

export interface DecidedJobs {
  /** Every instance, in the pipeline's order. */
  readonly instances: readonly JobModel[];
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** The rule of the pipeline that sets vars; null when none does. */
  readonly rule: PipelineRuleModel | null;
}

export function selectJobs(
  { model, lists, pathLists }: JudgedPipeline,
  commits: CommitFacts,
  input: CompileInput,
  limits: PlanLimits = input.limits ?? PLAN_LIMITS_DEFAULT,
): Selection {
  const report = new Report();
  const budget: MatchBudget = { left: MATCH_WORK_MAX };
  const changes = inPathOrder(input.changes);
  const isIgnored = pathTest(textsOf(model.changes.ignore), budget);
  const affected = componentChanges(model.components, commits, changes, { isIgnored, budget });
  const facts = changeFacts(changes, input, pathLists, isIgnored, affected, budget);
  const definitions = commits.definitions(changedPaths(changes, (path) => !commits.configuration.has(path)));
  const { event, request } = input;
  const judging = { facts, lists, report, all: request.all };
  const pipelineScope = jobScopes(model, model.vars, input, changes)(null);
  const pipelineView = { event, request, scope: pipelineScope, doubt: definitions.doubtOf(null) };
  const { refused, vars, rule } = judgePipeline(model, judging, pipelineView);
  const scopeOf = jobScopes(model, vars, input, changes);
  const selection = { changes, affected, facts, definitions, scopeOf, report };
  const { components } = affected.graph;
  const { doubtOf } = definitions;
  const expanded = expandForEach({ jobs: model.jobs, components, request, limits, judging, doubtOf });
  if (expanded === null) return { ...selection, decided: null };
  const { jobs: instances, writtenAs } = expanded;
  const ordered = inNeedOrder(instances);
  const doubtOfInstance = (job: JobModel): Doubt | null => doubtOf(writtenAs(job));
  const verdicts = decide({
    refused,
    ordered,
    request,
    trust: event.trust,
    judging,
    scopeOf,
    doubtOf: doubtOfInstance,
  });
  return { ...selection, decided: { instances, verdicts, rule } };
}

/** Whoever read the changes may have read them in any order; the plan knows one. */
function inPathOrder(changes: ChangeSet): ChangeSet {
  const changed = changes.changed?.toSorted(
    (left, right) =>
      comparePaths(left.path, right.path) || comparePaths(left.old_path ?? "", right.old_path ?? ""),
  );
  return { ...changes, changed: changed ?? null };
}
