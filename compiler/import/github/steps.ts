import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../../yaml/nodes.ts";
import type { StepDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import type { ActionEffects } from "./action-use.ts";
import { applyAction } from "./actions.ts";
import { convertCondition } from "./condition.ts";
import { gateOf } from "./gate.ts";
import type { Scope } from "./expression.ts";
import { fileLines } from "./file-commands.ts";
import { shellWord } from "./holes.ts";
import type { LateScope } from "./late.ts";
import { convertScript, languageOf } from "./scripts.ts";
import { StepSecrets } from "./step-secrets.ts";
import { fixedEnv } from "./fixed-env.ts";
import { convertEnvironment, convertText, predefinedEnv } from "./texts.ts";

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
  const { report } = context;
  const text = scalarText(uses.value) ?? "";
  const name = text.split("@", 1)[0] ?? "";
  const local = depth < ACTION_DEPTH_MAX ? context.localAction(name) : null;
  const steps = mapOf(local?.entries.get("runs")?.value)?.entries.get("steps")?.value;
  const given = reader.map("with");
  const env = reader.take("env");
  const condition = reader.take("if");
  const scope = { ...context.scope, known: new Map([...(context.scope.known ?? []), ...fixedEnv(env)]) };
  const isStep = name === "actions/upload-artifact";
  const asked = condition === null ? null : convertCondition(condition, { scope, report, isStep });
  if (condition !== null && asked === null) return;
  if (steps !== undefined && asked?.condition === undefined) {
    if (env !== null)
      leftOut(report, env.keySpan, "`env` of a local action was left out; write it in the action's steps");
    addSteps(steps, { ...context, scope: actionScope(local, given, scope, report) }, found, depth + 1);
    return;
  }
  const when = asked?.failed === true ? "failure" : asked?.always === true ? "always" : undefined;
  const use = { uses, given, when, scope, report } as const;
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
  const shell = scalarText(reader.node("shell")) ?? context.shell;
  const folder = reader.take("working-directory");
  const condition = reader.take("if");
  const environment = reader.node("env");
  const given = convertEnvironment(environment, scope, report, late);
  const ownNames = [...Object.keys(given.env), ...Object.keys(given.secrets)];
  const own = { ...late, env: new Set([...late.env, ...ownNames]) };
  const asked = convertCondition(condition, { scope, report, late: own, isStep: true });
  const minutes = Number(scalarText(reader.node("timeout-minutes")));
  const continues = booleanOf(reader.node("continue-on-error"));
  const id = scalarText(reader.node("id"));
  reader.finish("a step");
  const text = scalarText(written?.value);
  if (written === null || text === null || text === "" || asked === null || asked.condition === "false")
    return;
  const { span } = written.value;
  const language = languageOf(shell ?? "bash");
  const script = convertScript(text.replace(/\n$/, ""), span, { scope, report, late: own, language });
  const path =
    folder === null ? "" : convertText(scalarText(folder.value) ?? "", folder.value.span, scope, report);
  if (script === null || path === null) {
    leftOut(report, written.keySpan, "This step was left out");
    return;
  }
  const gate = gateOf(asked, found, language === "posix" ? shell : undefined);
  const lines = [
    ...(language === "posix" ? fileLines(text, id, found.wrote, ownNames) : []),
    ...given.lines,
    ...script.lines,
    ...found.secrets.add({ ...given.secrets, ...gate.secrets, ...script.secrets }, environment, span),
    ...gate.lines,
    ...(path === "" ? [] : [changeFolder(path)]),
  ];
  if (language === "posix") noteFiles(text, span, found, report);
  const predefined = predefinedEnv(text, span, scope, report, language === "posix");
  const label =
    name === null ? null : convertText(scalarText(name.value) ?? "", name.value.span, scope, report);
  const draft: StepDraft = {
    name: stepName(label) ?? (lines.length > 0 ? stepName(firstLine(script.run)) : undefined),
    run: script.run,
    env: { ...predefined, ...given.env, ...gate.env, ...script.env },
    if: asked.condition,
    timeout: Number.isInteger(minutes) && minutes > 0 ? `${minutes}m` : undefined,
    continue_on_error: continues === true ? true : undefined,
    always: asked.always ? true : undefined,
  };
  found.steps.push({ draft, lines: [...new Set(lines)], shell });
}

/** Steps without a name are called after their first line, which is not the script's own where lines stand before it. */
function firstLine(script: string): string | null {
  const line = script.split("\n").find((one) => one.trim() !== "" && !one.startsWith("#")) ?? null;
  return line?.includes("${{") === true ? null : line;
}

function stepName(text: string | null): string | undefined {
  return text === null || text.trim() === "" ? undefined : text.trim().slice(0, 200);
}

/** There a folder is looked for from the root of the checkout, whatever the job's own is. */
function changeFolder(path: string): string {
  return path.startsWith("/") ? `cd ${shellWord(path)}` : `cd "$DELTA_WORKSPACE"/${shellWord(path)}`;
}

function noteFiles(text: string, span: Span, { wrote }: ConvertedSteps, report: Report): void {
  if (text.includes("GITHUB_ENV")) wrote.env = true;
  if (text.includes("GITHUB_PATH")) wrote.path = true;
  if (text.includes("GITHUB_STEP_SUMMARY"))
    changed(report, span, "What is written to `$GITHUB_STEP_SUMMARY` is shown nowhere here");
}
