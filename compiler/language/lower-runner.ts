import { CANCEL_GRACE_MS_DEFAULT } from "../../schemas/limits.ts";
import type { RetryCause } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlMap, YamlNode } from "../yaml/nodes.ts";
import { lowerDuration } from "./lowering.ts";
import type { JobModel } from "./model.ts";
import { booleanOf, entryOf, itemsOf, locatedTexts, mapOf, numberOf, textOf, wordOf } from "./read.ts";
import { parseSize } from "./size.ts";

const SHELLS: Readonly<Record<string, readonly string[]>> = {
  sh: ["sh", "-eu", "-c"],
  bash: ["bash", "-euo", "pipefail", "-c"],
};
const SHELL_DEFAULT = ["sh", "-eu", "-c"];

/** `sh`, `bash`, or the arguments that come before the script. */
export function lowerShell(node: YamlNode | null | undefined): readonly string[] {
  const name = textOf(node);
  if (name !== null) return SHELLS[name] ?? SHELL_DEFAULT;
  return node?.kind === "list" ? locatedTexts(node).map(({ value }) => value) : SHELL_DEFAULT;
}

export function lowerRunner(node: YamlNode | null | undefined): JobModel["runner"] {
  const map = mapOf(node);
  return {
    pool: textOf(node) ?? textOf(entryOf(map, "pool")?.value) ?? "default",
    os: textOf(entryOf(map, "os")?.value) ?? "linux",
    arch: textOf(entryOf(map, "arch")?.value),
    isolation: wordOf(entryOf(map, "isolation")?.value, ["container", "vm", "process"] as const),
    labels: [...new Set(locatedTexts(entryOf(map, "labels")?.value).map(({ value }) => value))].toSorted(),
  };
}

export function lowerResources(node: YamlNode | null | undefined, report: Report): JobModel["resources"] {
  const map = mapOf(node);
  const cpu = numberOf(entryOf(map, "cpu")?.value);
  return {
    cpuMillis: cpu === null ? null : Math.round(cpu * 1_000),
    memoryBytes: lowerSize(map, "memory", report),
    diskBytes: lowerSize(map, "disk", report),
    pids: numberOf(entryOf(map, "pids")?.value),
  };
}

/** Less than this holds no process that could run a step. */
const SIZE_BYTES_MIN = 1024 * 1024;

export function lowerSize(map: YamlMap | null, key: string, report: Report): number | null {
  const entry = entryOf(map, key);
  const text = textOf(entry?.value);
  const bytes = text === null ? null : parseSize(text);
  if (entry === null || text === null) return null;
  if (bytes !== null && bytes >= SIZE_BYTES_MIN) return bytes;
  // A malformed text has been reported by its shape; what is left is a size out of range.
  if (bytes !== null)
    report.add("DC1109", entry.value.span, `\`${key}\` must be at least 1MiB, not \`${text}\``);
  return null;
}

const RETRY_CAUSES_DEFAULT: readonly RetryCause[] = ["infra", "runner_lost", "image_pull"];
const DELAY_BOUNDS = { min: 0, max: 3_600_000, words: "at most 1h" };

export function lowerRetry(node: YamlNode | null | undefined, report: Report): JobModel["retry"] {
  const map = mapOf(node);
  const on = entryOf(map, "on");
  return {
    max: numberOf(node) ?? numberOf(entryOf(map, "max")?.value) ?? 0,
    on: on ? locatedTexts(on.value).map(({ value }) => value as RetryCause) : RETRY_CAUSES_DEFAULT,
    delayMs: lowerDuration(map, "delay", DELAY_BOUNDS, report) ?? 0,
  };
}

const GRACE_BOUNDS = { min: 0, max: 600_000, words: "at most 10m" };

export function lowerCancel(node: YamlNode | null | undefined, report: Report): JobModel["cancel"] {
  const map = mapOf(node);
  return {
    signal: wordOf(entryOf(map, "signal")?.value, ["SIGTERM", "SIGINT"] as const) ?? "SIGTERM",
    graceMs: lowerDuration(map, "grace", GRACE_BOUNDS, report) ?? CANCEL_GRACE_MS_DEFAULT,
  };
}

export function lowerAllowFailure(node: YamlNode | null | undefined): boolean | readonly number[] {
  if (node?.kind !== "list") return booleanOf(node) ?? false;
  return itemsOf(node)
    .flatMap((item) => numberOf(item) ?? [])
    .sort((a, b) => a - b);
}
