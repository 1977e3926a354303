import type { Report } from "../diagnostics/report.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { lowerAllowFailure, lowerRetry } from "./lower-runner.ts";
import { TIMEOUT_BOUNDS } from "./lower-steps.ts";
import { type Lowering, lowerDuration, lowerEnv } from "./lowering.ts";
import type { JobModel, Located, RuleSet, RuleValues } from "./model.ts";
import { booleanOf, entryOf, mapOf, numberOf } from "./read.ts";

/** `set` of a job's rule; null when it has none. Beside `run: never` it would say nothing, which is reported. */
export function lowerRuleSet(rule: YamlMap, lowering: Lowering): RuleSet | null {
  const entry = entryOf(rule, "set");
  const map = mapOf(entry?.value);
  if (entry === null || map === null) return null;
  refuseBesideNever(rule, lowering.report);
  const env = entryOf(map, "env")?.value;
  return {
    values: lowerValues(map, lowering.report),
    env: lowerEnv(env, lowering),
    keys: [...map.entries.values()].flatMap(({ key, keySpan, value }): readonly Located<string>[] =>
      key === "env"
        ? [...(mapOf(value)?.entries.values() ?? [])].map((one) => ({
            value: `env.${one.key}`,
            span: one.value.span,
          }))
        : [{ value: key, span: value.kind === "scalar" ? value.span : keySpan }],
    ),
  };
}

/** What a rule that does not run anything sets would never hold. */
export function refuseBesideNever(rule: YamlMap, report: Report): void {
  const set = entryOf(rule, "set");
  const run = entryOf(rule, "run")?.value;
  if (set === null || run?.kind !== "scalar" || run.value !== "never") return;
  const related = [{ span: run.span, message: "`run: never` stands here" }];
  report.add("DC1111", set.keySpan, "`set` and `run: never` exclude each other", { related });
}

function lowerValues(map: YamlMap, report: Report): RuleValues {
  const timeoutMs = lowerDuration(map, "timeout", TIMEOUT_BOUNDS, report);
  const queueTimeoutMs = lowerDuration(map, "queue_timeout", TIMEOUT_BOUNDS, report);
  const priority = numberOf(entryOf(map, "priority")?.value);
  const required = booleanOf(entryOf(map, "required")?.value);
  const interruptible = booleanOf(entryOf(map, "interruptible")?.value);
  const allowFailure = entryOf(map, "allow_failure");
  const retry = entryOf(map, "retry");
  return {
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(queueTimeoutMs === null ? {} : { queueTimeoutMs }),
    ...(priority === null ? {} : { priority }),
    ...(required === null ? {} : { required }),
    ...(interruptible === null ? {} : { interruptible }),
    ...(allowFailure === null ? {} : { allowFailure: lowerAllowFailure(allowFailure.value) }),
    ...(retry === null ? {} : { retry: lowerRetry(retry.value, report) }),
  };
}

/** The job as the rule that decided sets it. */
export function withRuleSet(job: JobModel, set: RuleSet | null): JobModel {
  if (set === null) return job;
  const places = new Map([...job.places, ...set.keys.map(({ value, span }) => [value, span] as const)]);
  return { ...job, ...set.values, places, env: new Map([...job.env, ...set.env]) };
}
