import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, mapOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { type JobDraft, NEVER, type NeedDraft } from "../emit.ts";
import { KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertCondition } from "./condition.ts";
import type { Scope } from "./expression.ts";
import { convertParts } from "./parts.ts";
import { convertStrategy } from "./matrix.ts";
import { convertSteps, shellOf } from "./steps.ts";
import { convertEnv, convertText } from "./texts.ts";

export interface WorkflowContext {
  readonly report: Report;
  readonly inputs: ReadonlySet<string>;
  readonly ids: ReadonlyMap<string, string>;
  /** `defaults.run` of the workflow. */
  readonly shell: string | null;
  readonly workdir: string | null;
}

const WHY: Readonly<Record<string, string>> = {
  outputs: "are values that scripts of that server print",
  permissions: "is about a token that jobs are never given",
  secrets: "names secrets of that server",
};

/** One job; null when nothing of it could run, which is then told. */
export function convertJob(entry: YamlEntry, context: WorkflowContext): JobDraft | null {
  const { report, inputs } = context;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const uses = reader?.take("uses");
  if (reader === null || (uses !== null && uses !== undefined)) {
    leftOut(report, entry.keySpan, `The job ${quote(entry.key)} has no steps of its own and was left out`);
    return null;
  }
  const strategy = convertStrategy(reader.map("strategy"), report);
  if (strategy === null) return null;
  const scope: Scope = { inputs, axes: strategy.axes };
  const asked = convertCondition(reader.take("if"), scope, report);
  const container = containerOf(reader.take("container"), scope, report);
  const { steps, image, shells } = convertSteps(reader.node("steps"), scope, report);
  const defaults = reader.map("defaults");
  const run = defaults?.map("run") ?? null;
  const shell = shellOf(shells, scalarText(run?.node("shell")) ?? context.shell, reader, report);
  const workdir = scalarText(run?.node("working-directory")) ?? context.workdir;
  run?.finish("`defaults.run`");
  defaults?.finish("`defaults`");
  const name = reader.take("name");
  const label =
    name === null ? null : convertText(scalarText(name.value) ?? "", name.value.span, scope, report);
  const runner = runnerOf(reader.take("runs-on"), container.image ?? image, strategy.axes, report);
  const draft: JobDraft = {
    name: label ?? (context.ids.get(entry.key) === entry.key ? undefined : entry.key),
    image: container.image ?? image ?? undefined,
    shell,
    workdir: workdir ?? undefined,
    needs: needsOf(reader.take("needs"), asked?.always === true, context),
    if: asked === null ? NEVER : asked.condition,
    env: { ...container.env, ...convertEnv(reader.node("env"), scope, report) },
    matrix: strategy.matrix,
    timeout: timeoutOf(reader.take("timeout-minutes"), report),
    allow_failure: allowFailureOf(reader.take("continue-on-error"), report),
    runner,
    ...convertParts(reader, scope, report),
    steps,
  };
  reader.finish("a job", WHY);
  if (steps.length > 0) return draft;
  leftOut(report, entry.keySpan, `Nothing is left of the job ${quote(entry.key)}, and it was left out`);
  return null;
}

function containerOf(entry: YamlEntry | null, scope: Scope, report: Report) {
  if (entry === null) return { image: null, env: {} };
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("image");
  const env = convertEnv(reader?.node("env"), scope, report);
  reader?.finish("`container`");
  const image = convertText(scalarText(node) ?? "", node?.span ?? entry.keySpan, scope, report);
  return { image: image === "" ? null : image, env };
}

const SYSTEMS: readonly (readonly [RegExp, string | null])[] = [
  [/^ubuntu-/, null],
  [/^macos-/, "darwin"],
  [/^windows-/, "windows"],
];

/** Hosted runners by their system; labels of one's own machines have no counterpart. */
function runnerOf(
  entry: YamlEntry | null,
  image: string | null,
  axes: ReadonlySet<string>,
  report: Report,
): Readonly<Record<string, string>> | undefined {
  const text = scalarText(entry?.value) ?? "";
  const known = SYSTEMS.find(([pattern]) => pattern.test(text));
  if (entry === null) return undefined;
  if (known === undefined) {
    const isMatrix = [...axes].some((axis) => text.includes(`matrix.${axis}`));
    const hint = isMatrix ? "runners are not chosen by a matrix" : "choose `runner.pool`";
    leftOut(report, entry.value.span, `This names runners of that server; ${hint}`);
    return undefined;
  }
  if (image === null)
    leftOut(
      report,
      entry.value.span,
      `${quote(text)} brings programs of its own; choose an \`image\` that has what the steps need`,
    );
  return known[1] === null ? undefined : { os: known[1] };
}

function needsOf(
  entry: YamlEntry | null,
  always: boolean,
  { ids, report }: WorkflowContext,
): readonly NeedDraft[] {
  return [...new Set(scalarTexts(entry?.value))].flatMap((name) => {
    const id = ids.get(name);
    if (id !== undefined) return [always ? { job: id, when: "done" as const } : { job: id }];
    if (entry !== null)
      leftOut(report, entry.value.span, `${quote(name)} is no job of this file and was left out`);
    return [];
  });
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
    leftOut(report, entry.value.span, "`continue-on-error` is no plain boolean here and was left out");
  return value === true ? true : undefined;
}
