import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { checkGlobList, PIPELINE_PATTERNS_MAX } from "../globs/index.ts";
import type { Bound, JobCeilings, PolicyDocument, PolicySource, RunBounds } from "../policy/model.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { lowerSize } from "./lower-runner.ts";
import { TIMEOUT_BOUNDS } from "./lower-steps.ts";
import { lowerDuration } from "./lowering.ts";
import { booleanOf, entryOf, globList, locatedTexts, mapOf, numberOf, wordOf } from "./read.ts";

const BUDGET_BOUNDS = { min: 1_000, max: 365 * 86_400_000, words: "between 1s and 365d" };

/** `policies` of a pipeline or of the operators; `sourceOf` says whose a place is. */
export function lowerPolicies(
  root: YamlMap,
  report: Report,
  sourceOf: (span: Span) => PolicySource,
): PolicyDocument {
  const policies = mapOf(entryOf(root, "policies")?.value);
  const runs = new Bounds(mapOf(entryOf(policies, "runs")?.value), report, sourceOf);
  const jobs = new Bounds(mapOf(entryOf(policies, "jobs")?.value), report, sourceOf);
  return { runs: runBounds(runs), jobs: jobCeilings(jobs, report, sourceOf) };
}

function runBounds(runs: Bounds): RunBounds {
  return {
    maxRuntimeMs: runs.duration("max_runtime"),
    maxConcurrency: runs.number("max_concurrency"),
    budgetMs: runs.duration("budget", BUDGET_BOUNDS),
    cancelSuperseded: runs.boolean("cancel_superseded"),
    onFailure: runs.at("on_failure", (map, key) =>
      wordOf(entryOf(map, key)?.value, ["continue", "cancel"] as const),
    ),
  };
}

function jobCeilings(jobs: Bounds, report: Report, sourceOf: (span: Span) => PolicySource): JobCeilings {
  const cpu = jobs.number("cpu");
  const imagesMap = mapOf(jobs.node("images"));
  const images = new Bounds(imagesMap, report, sourceOf);
  const allowed = globList(entryOf(imagesMap, "allow"));
  if (allowed !== null) checkGlobList(allowed, report, { left: PIPELINE_PATTERNS_MAX });
  return {
    timeoutMs: jobs.duration("timeout"),
    queueTimeoutMs: jobs.duration("queue_timeout"),
    cpuMillis: cpu && { ...cpu, value: Math.round(cpu.value * 1_000) },
    memoryBytes: jobs.size("memory"),
    diskBytes: jobs.size("disk"),
    pids: jobs.number("pids"),
    retries: jobs.number("retry"),
    pools: jobs.texts("pools"),
    isolation: jobs.texts("isolation"),
    egress: jobs.texts("egress"),
    images: images.texts("allow"),
    imagesPinned: images.boolean("pinned"),
  };
}

/** Reads the values of one map, each with its source. */
class Bounds {
  readonly #map: YamlMap | null;
  readonly #report: Report;
  readonly #sourceOf: (span: Span) => PolicySource;

  constructor(map: YamlMap | null, report: Report, sourceOf: (span: Span) => PolicySource) {
    this.#map = map;
    this.#report = report;
    this.#sourceOf = sourceOf;
  }

  node(key: string) {
    return entryOf(this.#map, key)?.value;
  }

  at<Value>(key: string, read: (map: YamlMap | null, key: string) => Value | null): Bound<Value> | null {
    const entry = entryOf(this.#map, key);
    const value = entry === null ? null : read(this.#map, key);
    return entry === null || value === null ? null : { value, from: this.#sourceOf(entry.keySpan) };
  }

  duration(key: string, bounds: typeof BUDGET_BOUNDS = TIMEOUT_BOUNDS): Bound<number> | null {
    return this.at(key, (map) => lowerDuration(map, key, bounds, this.#report));
  }

  size(key: string): Bound<number> | null {
    return this.at(key, (map) => lowerSize(map, key, this.#report));
  }

  number(key: string): Bound<number> | null {
    return this.at(key, (map) => numberOf(entryOf(map, key)?.value));
  }

  boolean(key: string): Bound<boolean> | null {
    return this.at(key, (map) => booleanOf(entryOf(map, key)?.value));
  }

  texts(key: string): Bound<readonly string[]> | null {
    return this.at(key, (map) => locatedTexts(entryOf(map, key)?.value).map(({ value }) => value));
  }
}
