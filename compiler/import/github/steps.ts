import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../../yaml/nodes.ts";
import type { Env, StepDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import { type ActionEffects, applyAction } from "./actions.ts";
import { convertCondition } from "./condition.ts";
import type { Scope } from "./expression.ts";
import { fileLines, type LateScope } from "./late.ts";
import { StepSecrets } from "./step-secrets.ts";
import { convertEnvironment, convertScript, convertText, predefinedEnv } from "./texts.ts";

/** Programs that run a step's script, and what they are called with. */
export const SHELLS: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
  python: ["python3", "-c"],
  pwsh: ["pwsh", "-Command"],
  powershell: ["powershell", "-Command"],
};

/** What one job's steps are read with. */
export interface StepContext {
  readonly scope: Scope;
  readonly late: LateScope;
  readonly report: Report;
  /** The job's shell; null is the runner's own, a POSIX one on Linux. */
  readonly shell: string | null;
  /** The map of a local action; null when there is none beside the file. */
  readonly localAction: (path: string) => YamlMap | null;
}

export interface ConvertedSteps extends ActionEffects {
  readonly secrets: StepSecrets;
  /** Names of the shells that steps ask for. */
  readonly shells: Set<string>;
  readonly wrote: { env: boolean; path: boolean };
}

/** Local actions inside each other. */
const ACTION_DEPTH_MAX = 5;

export function convertSteps(node: YamlNode | undefined, context: StepContext): ConvertedSteps {
  const found: ConvertedSteps = {
    steps: [],
    image: null,
    checkout: "none",
    artifacts: [],
    caches: [],
    downloads: [],
    secrets: new StepSecrets(),
    shells: new Set(),
    wrote: { env: false, path: false },
  };
  addSteps(node, context, found, 0);
  return found;
}

function addSteps(
  node: YamlNode | undefined,
  context: StepContext,
  found: ConvertedSteps,
  depth: number,
): void {
  for (const item of itemsOf(node)) {
    const map = mapOf(item);
    if (map === null) continue;
    const reader = new KeyReader(map, context.report);
    const uses = reader.take("uses");
    if (uses !== null) addAction(uses, reader, context, found, depth);
    else addScript(reader, context, found);
  }
}

function addAction(
  uses: YamlEntry,
  reader: KeyReader,
  context: StepContext,
  found: ConvertedSteps,
  depth: number,
): void {
  const { scope, report } = context;
  const text = scalarText(uses.value) ?? "";
  const name = text.split("@", 1)[0] ?? "";
  const local = name.startsWith("./") && depth < ACTION_DEPTH_MAX ? context.localAction(name) : null;
  const steps = mapOf(local?.entries.get("runs")?.value)?.entries.get("steps")?.value;
  const given = reader.map("with");
  const condition = reader.take("if");
  const asked = condition === null ? null : convertCondition(condition, scope, report);
  if (condition !== null && asked === null) return;
  if (steps !== undefined && asked?.condition === undefined) {
    addSteps(steps, { ...context, scope: actionScope(local, given, scope, report) }, found, depth + 1);
    return;
  }
  const use = { uses, given, always: asked?.always === true, scope, report };
  if (!applyAction(name, use, found))
    leftOut(
      report,
      uses.value.span,
      `The action ${quote(text)} has no counterpart, and its step was left out`,
    );
  else if (asked?.condition !== undefined)
    changed(
      report,
      uses.value.span,
      "What this action does is done for the whole job, whatever its `if` says",
    );
}

/** Inputs of a local action are what its user gives, or else their defaults. */
function actionScope(local: YamlMap | null, given: KeyReader | null, scope: Scope, report: Report): Scope {
  const known = new Map([...(scope.known ?? [])].filter(([path]) => !path.startsWith("inputs.")));
  for (const { key, value } of mapOf(local?.entries.get("inputs")?.value)?.entries.values() ?? []) {
    const entry = given?.take(key) ?? null;
    const standard = scalarText(mapOf(value)?.entries.get("default")?.value) ?? "";
    const text =
      entry === null ? standard : convertText(scalarText(entry.value) ?? "", entry.value.span, scope, report);
    if (text !== null && !text.includes("${{"))
      known.set(`inputs.${key}`, { text: `'${text.replaceAll("'", "''")}'`, type: "string", fixed: text });
    const alone = /^\$\{\{ (.*) \}\}$/.exec(text ?? "")?.[1];
    if (alone !== undefined && !alone.includes("${{"))
      known.set(`inputs.${key}`, { text: alone, type: "any" });
  }
  given?.finish("a local action");
  return { ...scope, inputs: new Set(), known };
}

function addScript(reader: KeyReader, context: StepContext, found: ConvertedSteps): void {
  const { scope, late, report } = context;
  const written = reader.take("run");
  const name = reader.take("name");
  const shell = scalarText(reader.node("shell"));
  const folder = reader.take("working-directory");
  const asked = convertCondition(reader.take("if"), scope, report);
  const environment = reader.node("env");
  const given = convertEnvironment(environment, scope, report, late);
  const minutes = Number(scalarText(reader.node("timeout-minutes")));
  const continues = booleanOf(reader.node("continue-on-error"));
  const id = scalarText(reader.node("id"));
  reader.finish("a step");
  const text = scalarText(written?.value);
  if (written === null || text === null || text === "" || asked === null || asked.condition === "false")
    return;
  const { span } = written.value;
  const own = {
    ...late,
    env: new Set([...late.env, ...Object.keys(given.env), ...Object.keys(given.secrets)]),
  };
  const script = convertScript(text.replace(/\n$/, ""), span, scope, report, own);
  const path =
    folder === null ? "" : convertText(scalarText(folder.value) ?? "", folder.value.span, scope, report);
  if (script === null || path === null) {
    leftOut(report, written.keySpan, "This step was left out");
    return;
  }
  if (shell !== null) found.shells.add(shell.split(" ", 1)[0] ?? shell);
  const isShell = /^(?:bash|sh|zsh)\b/.test(shell ?? context.shell ?? "bash");
  const lines = [...(isShell ? fileLines(text, id, found.wrote) : []), ...given.lines, ...script.lines];
  if (/GITHUB_(?:OUTPUT|ENV)/.test(text) && /<</.test(text))
    changed(report, span, "Values of several lines (`NAME<<END`) are not read here; write them on one line");
  if (isShell && text.includes("GITHUB_ENV")) found.wrote.env = true;
  if (isShell && text.includes("GITHUB_PATH")) found.wrote.path = true;
  lines.push(...found.secrets.add({ ...given.secrets, ...script.secrets }, environment, span));
  const predefined = predefinedEnv(text, span, scope, report, isShell);
  const env: Env = { ...predefined, ...given.env, ...script.env };
  const label =
    name === null ? null : convertText(scalarText(name.value) ?? "", name.value.span, scope, report);
  const inFolder = path === "" ? script.run : `cd '${path.replaceAll("'", `'\\''`)}'\n${script.run}`;
  const step: StepDraft = {
    name: label === null || label.trim() === "" ? undefined : label.slice(0, 200),
    run: [...lines, inFolder].join("\n"),
    env,
    if: asked.condition,
    timeout: Number.isInteger(minutes) && minutes > 0 ? `${minutes}m` : undefined,
    continue_on_error: continues === true ? true : undefined,
    always: asked.always ? true : undefined,
  };
  found.steps.push(step);
}

/** The one shell of a job, as a program with its arguments. */
export function shellOf(
  names: ReadonlySet<string>,
  fallback: string | null,
  reader: KeyReader,
  report: Report,
): readonly string[] {
  const [own = fallback] = names;
  if (names.size > 1)
    changed(report, reader.span, `Steps ask for several shells; all of them run in ${quote(own ?? "")}`);
  if (own !== null && !Object.hasOwn(SHELLS, own))
    changed(report, reader.span, `The shell ${quote(own)} has no counterpart; steps run in bash`);
  return SHELLS[own ?? ""] ?? ["bash", "-e", "-c"];
}
