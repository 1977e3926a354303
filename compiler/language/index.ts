import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import { Report } from "../diagnostics/report.ts";
import type { Value } from "../expressions/index.ts";
import { PIPELINE_FILE, type TreeSnapshot } from "../input.ts";
import { parseYaml } from "../yaml/index.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { lowerChanges, lowerComponents } from "./lower-components.ts";
import { lowerJobs } from "./lower-jobs.ts";
import { lowerTriggers } from "./lower-triggers.ts";
import type { PipelineModel } from "./model.ts";
import { entryOf, mapOf, textOf, valueOf } from "./read.ts";
import { checkShape } from "./shape.ts";

export { type BoundCondition, type BoundJob, type BoundStep, bindCondition, bindJob } from "./bind.ts";
export { parseDuration, formatDuration } from "./duration.ts";
export type * from "./model.ts";
export { scopeNames, type ScopeFacts, shortRef } from "./scope.ts";

export interface LoadInput {
  readonly head: TreeSnapshot;
  readonly event: PipelineEvent;
}

export interface LoadedPipeline {
  /** Null when there is an error among the diagnostics. */
  readonly model: PipelineModel | null;
  /** Sorted by place, without repeats. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every configuration file read, with its git blob id, sorted by path. */
  readonly sources: readonly { readonly path: string; readonly blob: string }[];
}

/** Reads a commit's pipeline as far as it can be understood without knowing what changed. */
export function loadPipeline({ head }: LoadInput): LoadedPipeline {
  const report = new Report();
  const file = PIPELINE_FILE;
  const entry = head.entries.get(file);
  const bytes = head.contents.get(file);
  if (entry === undefined || bytes === undefined || !entry.mode.startsWith("100")) {
    report.add("DC1001", null, `The commit ${head.commit.slice(0, 12)} has no file \`${file}\``);
    return { model: null, diagnostics: report.settle(), sources: [] };
  }
  const sources = [{ path: file, blob: entry.blob }];
  const root = parseYaml(file, bytes, report);
  if (root === null) return { model: null, diagnostics: report.settle(), sources };
  checkShape(root, report);
  const model = root.kind === "map" ? lowerPipeline(file, root, report) : null;
  return { model: report.hasErrors ? null : model, diagnostics: report.settle(), sources };
}

function lowerPipeline(file: string, root: YamlMap, report: Report): PipelineModel {
  const vars = lowerVars(root, report);
  return {
    file,
    name: textOf(entryOf(root, "name")?.value) ?? "pipeline",
    on: lowerTriggers(root, report),
    rules: null,
    vars,
    inputs: new Map(),
    components: lowerComponents(root, report),
    changes: lowerChanges(root),
    limits: { maxRuntimeMs: null, maxConcurrency: null },
    jobs: lowerJobs(root, {
      defaults: mapOf(entryOf(root, "defaults")?.value),
      env: mapOf(entryOf(root, "env")?.value),
      vars,
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
