import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, entryOf, itemsOf, mapOf, numberOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../../yaml/nodes.ts";
import { allOf, type Env, type JobDraft, NEVER, plainText, type StepDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertParts } from "./parts.ts";
import { convertParallel } from "./parallel.ts";
import { convertOnly, convertRules } from "./rules.ts";
import { predefinedEnv, variablesEnv } from "./variables.ts";

export interface JobContext {
  readonly report: Report;
  readonly defaults: YamlMap;
  /** `variables` of the whole file. */
  readonly env: Env;
  /** Whether `workflow` decides which events start the pipeline. */
  readonly hasRules: boolean;
  readonly isForRequests: boolean;
}

const WHY: Readonly<Record<string, string>> = {
  id_tokens: "names audiences of that server",
  secrets: "names a vault of that server",
  tags: "names runners of that server (choose `runner.pool`)",
};

/** One job; null when it runs no script, which is then told. */
export function convertJob(
  entry: YamlEntry,
  written: YamlMap,
  stage: string,
  context: JobContext,
): Omit<JobDraft, "needs"> | null {
  const { report } = context;
  const map = withDefaults(written, context.defaults);
  const reader = new KeyReader(map, report);
  const script = reader.take("script");
  if (script === null) {
    leftOut(report, entry.keySpan, `The job ${quote(entry.key)} runs no script and was left out`);
    return null;
  }
  reader.take("stage");
  reader.take("needs");
  reader.take("dependencies");
  const image = imageOf(reader.take("image"), report);
  const own = variablesEnv(reader.node("variables"), report);
  const { env: shares, ...spread } = convertParallel(reader.take("parallel"), report);
  const before = reader.node("before_script");
  const after = reader.take("after_script");
  const texts = scalarTexts(script.value);
  const run = [...scalarTexts(before), ...texts].join("\n");
  const known = { ...context.env, ...own, ...shares, CI_JOB_NAME: entry.key, CI_JOB_STAGE: stage };
  const predefined = predefinedEnv(
    script.value,
    `${run}\n${scalarTexts(after?.value).join("\n")}`,
    known,
    report,
  );
  const named = Object.fromEntries(
    Object.entries({ CI_JOB_NAME: entry.key, CI_JOB_STAGE: stage }).filter(([name]) => run.includes(name)),
  );
  const condition = conditionOf(reader, context);
  const draft = {
    image,
    shell: image?.includes("alpine") ? ["sh", "-e", "-c"] : ["bash", "-eo", "pipefail", "-c"],
    ...condition,
    env: { ...own, ...shares, ...named, ...predefined },
    ...spread,
    timeout: timeoutOf(reader.take("timeout"), report),
    retry: retryOf(reader.take("retry"), report),
    allow_failure: allowFailureOf(reader.take("allow_failure")),
    ...convertParts(entry.key, reader, report),
    steps: [{ run: plainText(run) }, ...afterStep(after)],
  };
  reader.finish("a job", WHY);
  return draft;
}

function withDefaults(job: YamlMap, defaults: YamlMap): YamlMap {
  const inherits = booleanOf(entryOf(mapOf(entryOf(job, "inherit")?.value), "default")?.value) !== false;
  const own = [...job.entries].filter(([key]) => key !== "inherit");
  return { ...job, entries: new Map([...(inherits ? defaults.entries : []), ...own]) };
}

function afterStep(after: YamlEntry | null): readonly StepDraft[] {
  const run = scalarTexts(after?.value).join("\n");
  return run === ""
    ? []
    : [{ name: "after_script", run: plainText(run), continue_on_error: true, always: true, timeout: "5m" }];
}

function imageOf(entry: YamlEntry | null, report: Report): string | undefined {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const name = scalarText(reader === null ? entry.value : reader.node("name"));
  reader?.finish("`image`");
  if (name !== null && !name.includes("$")) return name;
  leftOut(report, entry.value.span, "The name of this image is made of variables and was left out");
  return undefined;
}

/** `rules`, `only` and `except`, and `when`. Without any of them a job runs for pushes alone. */
function conditionOf(
  reader: KeyReader,
  { report, hasRules, isForRequests }: JobContext,
): Pick<JobDraft, "if" | "changes" | "rules"> {
  const rules = reader.take("rules");
  const only = reader.take("only");
  const except = reader.take("except");
  const when = reader.take("when");
  if (rules !== null) return { rules: convertRules(rules, report) };
  const word = scalarText(when?.value) ?? "on_success";
  const runs = word === "on_success" || word === "always";
  const pushesOnly = only === null && !hasRules && isForRequests ? "event.kind != 'pull_request'" : undefined;
  const asked = convertOnly(only, except, report);
  if (word === "manual")
    return { rules: [{ if: allOf([asked.if, pushesOnly]), changes: asked.changes, run: "manual" }] };
  if (when !== null && !runs && word !== "never")
    changed(report, when.keySpan, `\`when: ${word}\` has no counterpart; the job does not run in its place`);
  return { if: allOf([runs ? undefined : NEVER, asked.if, pushesOnly]), changes: asked.changes };
}

const UNITS: Readonly<Record<string, string>> = { d: "d", h: "h", m: "m", s: "s" };

/** `1h 30m`, `90 minutes`, `2 hours 5 minutes`. */
function timeoutOf(entry: YamlEntry | null, report: Report): string | undefined {
  if (entry === null) return undefined;
  const text = scalarText(entry.value) ?? "";
  const parts = [...text.matchAll(/(\d+)\s*([dhms])[a-z]*\s*/g)];
  const duration = parts.map(([, count, unit = ""]) => `${count}${UNITS[unit]}`).join("");
  if (duration !== "" && parts.map(([part]) => part).join("") === text) return duration;
  leftOut(report, entry.value.span, `The timeout ${quote(text)} is not understood and was left out`);
  return undefined;
}

const CAUSES: Readonly<Record<string, readonly string[]>> = {
  runner_system_failure: ["infra", "runner_lost"],
  stuck_or_timeout_failure: ["timeout"],
  job_execution_timeout: ["timeout"],
  api_failure: ["infra"],
  scheduler_failure: ["infra"],
  data_integrity_failure: ["infra"],
};

function retryOf(entry: YamlEntry | null, report: Report): unknown {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const max = numberOf(reader === null ? entry.value : reader.node("max"));
  const when = scalarTexts(reader?.node("when"));
  const codes = scalarTexts(reader?.node("exit_codes")).map((code) => `exit:${code}`);
  reader?.finish("`retry`");
  if (max === null || max < 1) return undefined;
  const causes = when.flatMap((cause) => CAUSES[cause] ?? []);
  if (when.length === 0 || when.some((cause) => CAUSES[cause] === undefined))
    changed(
      report,
      entry.keySpan,
      "A failing script is tried again only for the exit codes listed in `retry.on`",
    );
  const on = [...new Set([...causes, ...codes])];
  return { max, on: on.length > 0 ? on : ["infra", "runner_lost", "image_pull", "oom", "timeout"] };
}

function allowFailureOf(entry: YamlEntry | null): boolean | readonly number[] | undefined {
  if (entry === null) return undefined;
  const codes: YamlNode | undefined = entryOf(mapOf(entry.value), "exit_codes")?.value;
  return codes === undefined
    ? (booleanOf(entry.value) ?? undefined)
    : itemsOf(codes).flatMap((code) => numberOf(code) ?? []);
}
