import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf, numberOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import { type Env, allOf, type JobDraft, NEVER, plainText, type StepDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertAccess } from "./access.ts";
import { allowFailureOf } from "./allow-failure.ts";
import { inherits } from "./include.ts";
import { convertOnly } from "./only.ts";
import { convertParallel } from "./parallel.ts";
import { convertParts, plainOf } from "./parts.ts";
import { predefinedUse, SET_BY_SHELL } from "./predefined.ts";
import { convertRules } from "./rules.ts";
import type { FileVariables, Scope } from "./scope.ts";
import { environmentOf, readVariables, type Variable } from "./variables.ts";

export interface JobContext {
  readonly report: Report;
  readonly defaults: YamlMap;
  readonly variables: FileVariables;
  /** Whether `workflow` decides which events start the pipeline. */
  readonly hasRules: boolean;
  readonly isForRequests: boolean;
  /** Whether a newer pipeline ends an older one of the same ref. */
  readonly isCanceled: boolean;
  /** Variables of the file that only a shell can make, as its words. */
  readonly shellWords: ReadonlyMap<string, string>;
}

const WHY: Readonly<Record<string, string>> = {
  coverage: "reads a figure out of the log; keep a report with `artifacts`, of the type `coverage`",
  release: "makes a release of that server; call its tool in a step",
  pages: "publishes a site of that server",
  dast_configuration: "is of that server",
  manual_confirmation: "is a question before a manual start",
  start_in: "is a delay, and no job here waits for a time",
  run: "is another form of `steps`",
  hooks: "runs scripts before the checkout",
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
    leftOut(report, entry.keySpan, `The job ${quote(entry.key)} ${withoutScript(map)} and was left out`);
    return null;
  }
  for (const key of ["stage", "needs", "dependencies"]) reader.take(key);
  const takes = inherits(written, "variables");
  const own = readVariables(reader.node("variables"), report);
  const { env: shares, suffix, ...spread } = convertParallel(reader.take("parallel"), report);
  const called = namesOf(entry.key, stage, suffix);
  const scope = context.variables.scope(own, { ...called, ...shares }, report, takes);
  const words = new Map([...context.shellWords].filter(([name]) => takes(name) && !own.has(name)));
  const ownEnv = environmentOf(own, scope.texts, report, { known: SET_BY_SHELL, words });
  const image = imageOf(reader.take("image"), scope);
  const names: Env = image === undefined ? called : { ...called, CI_JOB_IMAGE: image };
  const before = scalarTexts(reader.node("before_script"));
  const after = reader.take("after_script");
  const run = [...before, ...scalarTexts(script.value)].join("\n");
  const whole = `${run}\n${scalarTexts(after?.value).join("\n")}`;
  const read = [whole, ...words.values()].join("\n");
  const used = predefinedUse(script.value, read, { ...ownEnv, ...shares, ...names }, scope);
  const named = Object.fromEntries(Object.entries(names).filter(([name]) => reads(whole, name)));
  const made = Array.from(words, ([name, word]) => `export ${name}=${word}`);
  const lines = [...used.lines, ...made].map((line) => `${line}\n`).join("");
  const draft = {
    image,
    shell:
      image !== undefined && /alpine|busybox/.test(image)
        ? ["sh", "-e", "-c"]
        : ["bash", "-eo", "pipefail", "-c"],
    ...conditionOf(reader, scope, context),
    env: { ...ownEnv, ...shares, ...named, ...used.env },
    ...spread,
    timeout: timeoutOf(reader.take("timeout"), report),
    retry: retryOf(reader.take("retry"), report),
    allow_failure: allowFailureOf(reader.take("allow_failure")),
    runner: runnerOf(reader.take("tags"), scope),
    ...convertAccess(reader, scope),
    ...convertParts(entry.key, reader, scope, context.isCanceled),
    ...checkoutOf(own, report),
    steps: [{ run: plainText(lines + run) }, ...afterStep(after, lines)],
  };
  reader.finish("a job", WHY);
  return draft;
}

/** Names of the job itself. Those of the instances of a parallel job are its own with what tells them apart. */
function namesOf(name: string, stage: string, suffix: string | null): Env {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "-")
    .slice(0, SLUG_MAX);
  return {
    ...(suffix === null ? {} : { CI_JOB_NAME: plainText(name) + suffix }),
    ...(suffix === "" ? { CI_JOB_NAME_SLUG: slug.replace(/^-+|-+$/g, "") } : {}),
    CI_JOB_STAGE: plainText(stage),
  };
}

/** Longest name of a job that is made for addresses. */
const SLUG_MAX = 63;

function reads(script: string, name: string): boolean {
  return new RegExp(`${name}(?!\\w)`).test(script);
}

const LABEL = /^[a-z0-9][a-z0-9._=-]{0,62}$/;
/** As many labels as one job may ask for. */
const LABELS_MAX = 20;

/** Tags there are what a runner must offer, as labels are here. */
function runnerOf(entry: YamlEntry | null, scope: Scope): JobDraft["runner"] {
  if (entry === null) return undefined;
  const written = scalarTexts(entry.value);
  const labels = written.map(
    (tag) =>
      scope.texts
        .expand(tag)
        ?.toLowerCase()
        .replace(/[ /:]+/g, "-") ?? "",
  );
  if (labels.length <= LABELS_MAX && labels.every((label) => LABEL.test(label)))
    return labels.length === 0 ? undefined : { labels: [...new Set(labels)] };
  leftOut(
    scope.report,
    entry.keySpan,
    "These `tags` are made of variables, or no labels here; choose `runner`",
  );
  return undefined;
}

function withoutScript(map: YamlMap): string {
  if (map.entries.has("trigger")) return "starts another pipeline, which nothing here does,";
  return map.entries.has("release") ? "only makes a release of that server" : "runs no script";
}

function withDefaults(job: YamlMap, defaults: YamlMap): YamlMap {
  const takes = inherits(job, "default");
  const own = [...job.entries].filter(([key]) => key !== "inherit");
  return { ...job, entries: new Map([...[...defaults.entries].filter(([key]) => takes(key)), ...own]) };
}

/** `GIT_STRATEGY` and `GIT_DEPTH` are variables there that the runner reads. */
function checkoutOf(own: ReadonlyMap<string, Variable>, report: Report): Pick<JobDraft, "checkout"> {
  if (["none", "empty"].includes(own.get("GIT_STRATEGY")?.text ?? "")) return { checkout: false };
  const depth = own.get("GIT_DEPTH");
  if (depth === undefined) return {};
  if (/^\d{1,6}$/.test(depth.text)) return { checkout: { depth: Number(depth.text) || "full" } };
  changed(report, depth.node.span, "This depth is no number; one commit is checked out");
  return {};
}

function afterStep(after: YamlEntry | null, lines: string): readonly StepDraft[] {
  const run = scalarTexts(after?.value).join("\n");
  return run === ""
    ? []
    : [
        {
          name: "after_script",
          run: plainText(lines + run),
          continue_on_error: true,
          always: true,
          timeout: "5m",
        },
      ];
}

function imageOf(entry: YamlEntry | null, scope: Scope): string | undefined {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, scope.report);
  const node = reader === null ? entry.value : reader.node("name");
  // Steps are started by the runner, whatever program the image would start itself.
  const entrypoint = reader?.take("entrypoint") ?? null;
  if (
    entrypoint !== null &&
    !scalarTexts(entrypoint.value).every((word) =>
      /^(?:|-l?c|(?:\/usr)?(?:\/bin\/)?(?:env|ba|da|a)?sh|\/usr\/bin\/env)$/.test(word),
    )
  )
    leftOut(
      scope.report,
      entrypoint.keySpan,
      "This `entrypoint` of `image` is left out; start what it starts in a step",
    );
  reader?.finish("`image`", {
    pull_policy: "is for the operators to say",
    docker: "holds options of that server's runner; choose `runner`",
  });
  return (node === undefined ? null : plainOf(node, "The name of this image", scope)) ?? undefined;
}

/** `rules`, `only` and `except`, and `when`. Without any of them a job runs for pushes alone. */
function conditionOf(
  reader: KeyReader,
  scope: Scope,
  { hasRules, isForRequests }: JobContext,
): Pick<JobDraft, "if" | "changes" | "rules"> {
  const rules = reader.take("rules");
  const only = reader.take("only");
  const except = reader.take("except");
  const when = reader.take("when");
  if (rules !== null) return { rules: convertRules(rules, scope, "job") };
  const word = scalarText(when?.value) ?? "on_success";
  const runs = word === "on_success" || word === "always";
  const pushesOnly = only === null && !hasRules && isForRequests ? "event.kind != 'pull_request'" : undefined;
  const asked = convertOnly(only, except, scope);
  if (word === "manual")
    return { rules: [{ if: allOf([asked.if, pushesOnly]), changes: asked.changes, run: "manual" }] };
  if (when !== null && !runs && word !== "never")
    changed(
      scope.report,
      when.keySpan,
      `\`when: ${word}\` has no counterpart; the job does not run in its place`,
    );
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
