import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { PlanSource } from "../../schemas/plan.ts";
import { Report } from "../diagnostics/report.ts";
import type { Value } from "../expressions/index.ts";
import { PIPELINE_FILE, type PlanLimits, type TreeSnapshot } from "../input.ts";
import { NO_PINNED, type PinnedFiles } from "../pinned.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { Templates } from "./extend-job.ts";
import { lowerConcurrency } from "./lower-access.ts";
import { readFiles } from "./include-files.ts";
import { eventInputs } from "./event-inputs.ts";
import { lowerChanges, lowerComponents } from "./lower-components.ts";
import { lowerJobs } from "./lower-jobs.ts";
import { lowerPolicies } from "./lower-policies.ts";
import { lowerTriggers } from "./lower-triggers.ts";
import type { PipelineModel } from "./model.ts";
import { Origins } from "./origins.ts";
import { lowerPipelineRules } from "./pipeline-rules.ts";
import { PLAN_LIMITS_DEFAULT } from "./plan-limits.ts";
import { entryOf, mapOf, textOf, valueOf } from "./read.ts";
import { scopeType } from "./scope.ts";

export { bindJob } from "./bind.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export type * from "./model.ts";
export { scopeNames } from "./scope.ts";

export interface LoadInput {
  readonly head: TreeSnapshot;
  readonly event: Pick<PipelineEvent, "kind" | "inputs" | "trust">;
  /** Files of other repositories that were brought; absent: none. */
  readonly pinned?: PinnedFiles;
  readonly limits?: PlanLimits;
}

export interface LoadedPipeline {
  /** Null when there is an error among the diagnostics. */
  readonly model: PipelineModel | null;
  /** Every file merged into one map, as far as it could be read. */
  readonly root: YamlMap | null;
  /** Sorted by place, without repeats. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every configuration file read: those of the commit by path, then those from elsewhere. */
  readonly sources: readonly PlanSource[];
  /** For findings of later phases: the places that include or extend what they are about. */
  readonly origins: Origins;
}

/** Reads a commit's pipeline as far as it can be understood without knowing what changed. */
export function loadPipeline(input: LoadInput): LoadedPipeline {
  const { head, event, limits = PLAN_LIMITS_DEFAULT, pinned = NO_PINNED } = input;
  const report = new Report();
  const origins = new Origins();
  const entry = head.entries.get(PIPELINE_FILE);
  if (!entry?.mode.startsWith("100") || !head.contents.has(PIPELINE_FILE)) {
    report.add("DC1001", null, `The commit ${head.commit.slice(0, 12)} has no file \`${PIPELINE_FILE}\``);
    return { model: null, root: null, diagnostics: report.settle(), sources: [], origins };
  }
  const { root, sources } = readFiles(
    PIPELINE_FILE,
    { head, pinned, tellsDigests: event.trust === "trusted" },
    report,
    origins,
  );
  const model = root && lowerPipeline(root, event, limits, report, origins);
  return {
    model: report.hasErrors ? null : model,
    root,
    diagnostics: origins.trace(report.settle()),
    sources,
    origins,
  };
}

function lowerPipeline(
  root: YamlMap,
  event: LoadInput["event"],
  limits: PlanLimits,
  report: Report,
  origins: Origins,
): PipelineModel {
  const vars = lowerVars(root, report);
  const inputs = eventInputs(root, event, report);
  const scope = scopeType({ vars, inputs, matrix: null, hasComponent: false });
  return {
    file: PIPELINE_FILE,
    name: textOf(entryOf(root, "name")?.value) ?? "pipeline",
    on: lowerTriggers(root, report),
    rules: lowerPipelineRules(root, vars, { report, scope }),
    vars,
    inputs,
    components: lowerComponents(root, report),
    changes: lowerChanges(root),
    policies: lowerPolicies(root, report, (span) => ({ by: "repository", span })),
    concurrency: lowerConcurrency(entryOf(root, "concurrency")?.value, { report, scope }),
    jobs: lowerJobs(root, {
      defaults: mapOf(entryOf(root, "defaults")?.value),
      templates: new Templates(root, report, origins),
      env: mapOf(entryOf(root, "env")?.value),
      vars,
      inputs,
      scope,
      limits,
      report,
    }),
  };
}

function lowerVars(root: YamlMap, report: Report): ReadonlyMap<string, Value> {
  const vars = new Map<string, Value>();
  for (const { key, value } of mapOf(entryOf(root, "vars")?.value)?.entries.values() ?? []) {
    const scalar = valueOf(value, `vars.${key}`, report);
    if (scalar !== null) vars.set(key, scalar);
  }
  return vars;
}
