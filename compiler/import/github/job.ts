import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import { allOf, type Env, type JobDraft, literal, type NeedDraft, NEVER, type StepDraft } from "../emit.ts";
import type { Reading } from "../files.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import { cacheHits } from "./cache-hits.ts";
import { type ConvertedCondition, convertCondition } from "./condition.ts";
import type { Scope } from "./expression.ts";
import type { Known } from "./known.ts";
import { testsOf } from "./gate.ts";
import { handOn, OUTPUT_READER } from "./file-commands.ts";
import { type LateScope, mayWrite, type Needed, writesVariables, writingSteps } from "./late.ts";
import { machineLabels, partOf } from "./machine-parts.ts";
import { type ConvertedMatrix, convertStrategy } from "./matrix.ts";
import { localActions } from "./local-action.ts";
import { convertParts, tellPermissions } from "./parts.ts";
import { runnerOf, systemOf } from "./runner.ts";
import { imageOf } from "./setup-image.ts";
import { inOneShell } from "./shells.ts";
import { type ConvertedSteps, convertSteps } from "./steps.ts";
import { convertEnvironment, convertText } from "./texts.ts";
import { isTaken, uploadsOf } from "./uploads.ts";
import { fixedEnv } from "./fixed-env.ts";
import { jobOutputs, type JobSource, type JobSources } from "./workflow.ts";

export interface JobContext {
  readonly sources: JobSources;
  readonly ids: ReadonlyMap<string, string>;
  readonly reading: Reading;
  /** What is told once for the file. */
  readonly file: Report;
  /** Machines whose programs were told of. */
  readonly machines: Set<string>;
}

/** One job; null when nothing of it could run, which is then told. */
export function convertJob(source: JobSource, context: JobContext): JobDraft | null {
  const { entry, report, workflow } = source;
  const reader = new KeyReader(source.map, report);
  const uses = reader.take("uses");
  reader.take("needs");
  if (uses !== null) {
    leftOut(
      report,
      entry.keySpan,
      `The job ${quote(entry.key)} calls a workflow that is not beside this file, and was left out`,
    );
    return null;
  }
  const whole = convertStrategy(reader.map("strategy"), report);
  if (whole === null) return null;
  const { part } = source;
  const strategy = part === null ? whole : partOf(source.map, whole, part, report);
  const runsOn = reader.take("runs-on");
  const container = reader.take("container");
  const written = reader.take("env");
  const labels = part?.labels ?? machineLabels(source.map, workflow.scope);
  const runner = runnerOf(runsOn, container === null ? null : "", labels, report, context);
  const stepsNode = source.map.entries.get("steps")?.value;
  const system = runsOn === null ? null : systemOf(runner);
  const scope = jobScope(workflow.scope, strategy, stepsNode, system, written, [
    ...cacheHits(stepsNode, report),
    ["github.job", { text: literal(entry.key), type: "string", fixed: entry.key }],
  ]);
  const late = lateScope(source, written, context);
  const condition = reader.take("if");
  const asked = convertCondition(condition, { scope, report, ...lateOfJob(source, late, context.sources) });
  const gate = testsOf(asked?.late ?? []);
  const own = convertEnvironment(written?.value, scope, report, late);
  const called = convertEnvironment(workflow.env?.value, scope, report, late);
  const box = containerOf(container, scope, report);
  const defaults = defaultsOf(reader, source);
  const isWindows = runner?.["os"] === "windows";
  const shell = defaults.shell ?? (isWindows ? "pwsh" : null);
  const localAction = localActions(context.reading, report);
  const steps = convertSteps(reader.node("steps"), { scope, late, report, shell, localAction });
  const outputs = outputsOf(reader.take("outputs"), source, steps);
  const name = reader.take("name");
  const label =
    name === null ? null : convertText(scalarText(name.value) ?? "", name.value.span, scope, report);
  const parts = convertParts(reader, scope, report);
  const before = [...called.lines, ...own.lines, ...gate.lines];
  const scripts = steps.steps.map((step) => ({ ...step, lines: [...new Set([...before, ...step.lines])] }));
  const one = inOneShell(scripts, { fallback: shell, isWindows }, reader.span, report);
  const draft: JobDraft = {
    name: shortName(label, scalarText(name?.value) ?? "", source, context),
    image: imageOf(box.image, steps, runner, report),
    shell: one.shell,
    workdir: defaults.workdir ?? undefined,
    needs: needsOf(source, asked, steps, context),
    if:
      asked === null
        ? NEVER
        : allOf([...source.conditions.map(({ condition }) => condition), asked.condition]),
    env: { ...called.env, ...box.env, ...own.env, ...gate.env },
    secrets: secretsOf(reader, steps, [called, own], report),
    matrix: strategy.matrix,
    timeout: timeoutOf(reader.take("timeout-minutes"), report),
    allow_failure: allowFailureOf(reader.take("continue-on-error"), report),
    runner,
    ...parts,
    interruptible: isEnded(parts.environment, parts.concurrency) ? true : undefined,
    checkout: steps.checkout === "none" ? false : steps.checkout,
    caches: steps.caches.slice(0, CACHES_MAX),
    artifacts: steps.artifacts,
    outputs: [...outputs.keys()],
    steps: stepsOf(one.steps, outputs),
  };
  if (condition !== null && asked?.late !== undefined && parts.environment !== undefined)
    changed(report, condition.keySpan, "The job counts as a deployment here also where it does nothing");
  tellPermissions(reader.take("permissions"), report);
  reader.finish("a job", { snapshot: "is an image of that server" });
  if (draft.steps.length > 0) return draft;
  leftOut(report, entry.keySpan, `Nothing is left of the job ${quote(entry.key)}, and it was left out`);
  return null;
}

/** A newer one ends whatever runs there; here a deployment goes on unless it says otherwise. */
export function isEnded(environment: JobDraft["environment"], concurrency: JobDraft["concurrency"]): boolean {
  return (
    environment !== undefined &&
    typeof concurrency === "object" &&
    concurrency["on_conflict"] === "cancel_older"
  );
}

/** As many caches as a job may have. */
const CACHES_MAX = 10;

function shortName(
  label: string | null,
  written: string,
  { name, prefix, part }: JobSource,
  { ids }: JobContext,
): string | undefined {
  const own = label === null || label.trim() === "" ? null : label.slice(0, 200);
  const caller = prefix === "" ? "" : `${prefix.slice(0, -1)} / `;
  const machine = part === null || written.includes("${{") ? "" : ` (${part.name})`;
  if (own !== null) return `${caller}${own}${machine}`.slice(0, 200);
  return ids.get(name) === name ? undefined : name;
}

function jobScope(
  scope: Scope,
  { axes, known: values }: Pick<ConvertedMatrix, "axes" | "known">,
  steps: YamlNode | undefined,
  system: string | null,
  env: YamlEntry | null,
  own: readonly (readonly [string, Known])[],
): Scope {
  const axisNames = Array.from(values, ([name, value]): [string, Known][] => [
    [`matrix.${name}`, value],
    [`matrix.${name.replace("_", ".")}`, value],
  ]).flat();
  const os: [string, Known][] =
    system === null ? [] : [["runner.os", { text: `'${system}'`, type: "string", fixed: system }]];
  const hidden = new Set([...(mapOf(env?.value)?.entries.keys() ?? [])].map((name) => `env.${name}`));
  const above = [...(scope.known ?? [])].filter(([path]) => !hidden.has(path));
  const all = [...above, ...axisNames, ...os, ...own, ...fixedEnv(env)];
  // What a step may write is not known before it has run.
  const known = new Map(all.filter(([path]) => !path.startsWith("env.") || !mayWrite(steps, path.slice(4))));
  return { ...scope, axes, known };
}

/**
 * What the condition of a job may ask of those that it needs. Nothing, where others need it: they would go on after it,
 * where there they are skipped with it.
 */
function lateOfJob(source: JobSource, late: LateScope, { found }: JobSources): { readonly late?: LateScope } {
  const isNeeded = found.some(({ needs }) =>
    [...needs.values()].some((names) => names.includes(source.name)),
  );
  return isNeeded ? {} : { late: { needs: late.needs, steps: new Set(), env: new Set() } };
}

function lateScope(source: JobSource, env: YamlEntry | null, { sources, ids }: JobContext): LateScope {
  return {
    steps: writingSteps(source.map.entries.get("steps")?.value),
    writesEnv: writesVariables(source.map.entries.get("steps")?.value),
    needs: sources.needed(source, ids),
    env: new Set([...source.workflow.envNames, ...(mapOf(env?.value)?.entries.keys() ?? [])]),
  };
}

function defaultsOf(reader: KeyReader, { workflow }: JobSource) {
  const defaults = reader.map("defaults");
  const run = defaults?.map("run") ?? null;
  const shell = scalarText(run?.node("shell")) ?? workflow.shell;
  const workdir = scalarText(run?.node("working-directory")) ?? workflow.workdir;
  run?.finish("`defaults.run`");
  defaults?.finish("`defaults`");
  const folder = workdir?.replace(/^(?:\.\/)+|\/+$/g, "") ?? null;
  return { shell, workdir: folder === "." || folder === "" ? null : folder };
}

function containerOf(entry: YamlEntry | null, scope: Scope, report: Report) {
  if (entry === null) return { image: null, env: {} };
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("image");
  const env = convertEnvironment(reader?.node("env"), scope, report, {
    steps: new Set(),
    needs: new Map(),
    env: new Set(),
  });
  reader?.finish("`container`", {
    options: "holds options of that server's runner; choose `resources` and `runner`",
    credentials: "is for the operators to give",
    ports: "is not needed: services are reached by name",
    volumes: "names folders of that server's machine",
  });
  const image = convertText(scalarText(node) ?? "", node?.span ?? entry.keySpan, scope, report);
  return { image: image === "" ? null : image, env: env.env };
}

/** Needs as named here; those of a call are all of its jobs. */
function needsOf(
  { needs, conditions, report }: JobSource,
  asked: ConvertedCondition | null,
  steps: ConvertedSteps,
  { ids, sources }: JobContext,
): readonly NeedDraft[] {
  const always = asked?.always === true || conditions.some((one) => one.always);
  const kept = new Map(sources.found.map((one) => [one.name, one]));
  return [...needs].flatMap(([need, names]) =>
    names.map((name): NeedDraft => {
      const job = ids.get(name) ?? name;
      const isDone = always && asked?.succeeded.has(need) !== true;
      const wanted = uploadsOf(kept.get(name)).filter((upload) => isTaken(upload, steps, report));
      return {
        job,
        when: isDone ? (asked?.skippedOk === true ? "skipped_ok" : "done") : undefined,
        artifacts: wanted.length > 0 && !isDone ? wanted.map((upload) => upload.name) : undefined,
      };
    }),
  );
}

function outputsOf(
  entry: YamlEntry | null,
  source: JobSource,
  steps: ConvertedSteps,
): ReadonlyMap<string, readonly [string, string]> {
  const found = jobOutputs(source);
  for (const { key, keySpan } of mapOf(entry?.value)?.entries.values() ?? [])
    if (!found.has(key))
      leftOut(
        source.report,
        keySpan,
        `The output ${quote(key)} is not written by one script of a job without a matrix, and was left out`,
      );
  return steps.steps.length === 0 ? new Map() : found;
}

function secretsOf(
  reader: KeyReader,
  { secrets, steps }: ConvertedSteps,
  given: readonly Needed[],
  report: Report,
): JobDraft["secrets"] {
  reader.take("secrets");
  return secrets.ofJob(Object.assign({}, ...given.map((one) => one.secrets)) as Env, steps.length, report);
}

/** The steps, and one that hands the job's outputs on. */
function stepsOf(
  steps: readonly StepDraft[],
  outputs: ReadonlyMap<string, readonly [string, string]>,
): JobDraft["steps"] {
  const run = [...outputs].map(([name, [step, output]]) => handOn(name, step, output));
  const last: JobDraft["steps"] =
    run.length === 0 ? [] : [{ name: "outputs", run: [...OUTPUT_READER, ...run].join("\n"), always: true }];
  return [...steps, ...last];
}

function timeoutOf(entry: YamlEntry | null, report: Report): string | undefined {
  if (entry === null) return undefined;
  const minutes = Number(scalarText(entry.value));
  if (Number.isInteger(minutes) && minutes >= 1) return `${Math.min(minutes, 1_440)}m`;
  leftOut(report, entry.value.span, "This timeout is no whole number of minutes and was left out");
  return undefined;
}

function allowFailureOf(entry: YamlEntry | null, report: Report): true | undefined {
  if (entry === null) return undefined;
  const value = booleanOf(entry.value);
  if (value === null)
    changed(report, entry.value.span, "`continue-on-error` is computed there; here a failure counts");
  return value === true ? true : undefined;
}
