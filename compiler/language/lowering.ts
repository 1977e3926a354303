import type { Report } from "../diagnostics/report.ts";
import {
  checkExpression,
  describeType,
  type Expression,
  mapOf as mapTypeOf,
  parseExpression,
  parseTemplate,
  substitute,
  type Template,
  type Type,
  untrustedName,
} from "../expressions/index.ts";
import { type YamlMap, type YamlNode, type YamlScalar } from "../yaml/nodes.ts";
import { parseDuration } from "./duration.ts";
import { checkReserved } from "./late-reads.ts";
import type { IfModel } from "./model.ts";
import { inputsType } from "./scope.ts";
import { entryOf, itemsOf, mapOf, scalarOf, textOf, writtenText } from "./read.ts";

/** What lowering one part of the document needs to know. */
export interface Lowering {
  readonly report: Report;
  /** Names that expressions in this part may read. */
  readonly scope: Type;
  /** Whether texts may read `needs`, as the environments of a job and its steps may. Default: no. */
  readonly mayReadNeeds?: boolean;
}

/** Text that may hold `${{ }}`, parsed and checked; null when absent or wrong. */
export function lowerTemplate(node: YamlNode | null | undefined, lowering: Lowering): Template | null {
  return readTemplate(node, lowering, () => {});
}

/** A script: like other text, but a value that strangers choose may not become code in it. */
export function lowerScript(node: YamlNode | null | undefined, lowering: Lowering): Template | null {
  return readTemplate(node, lowering, (expression) => {
    const found = untrustedName(expression);
    if (found === null) return;
    const message = `\`${found.name}\` is chosen by whoever opens a branch or pull request; set it in \`env\` and use the variable here`;
    lowering.report.add("DC1306", found.expression.span, message);
  });
}

function readTemplate(
  node: YamlNode | null | undefined,
  lowering: Lowering,
  inspect: (expression: Expression) => void,
): Template | null {
  const scalar = scalarOf(node);
  if (scalar === null || scalar.value === null) return null;
  const source = { text: writtenText(scalar), written: scalar.source, span: scalar.span };
  const template = parseTemplate(source, lowering.report);
  if (template === null || template.parts.every((part) => typeof part === "string")) return template;
  const scope = scopeOf(scalar, lowering);
  const parts = template.parts.map((part) => {
    if (typeof part === "string") return part;
    checkText(part, { ...lowering, scope });
    const bound = bindInputs(part, scalar);
    inspect(bound);
    return bound;
  });
  return { parts, span: template.span };
}

/** Inside an included file `inputs` means what was given to that reading of it. */
function scopeOf({ origin }: YamlScalar, { scope }: Lowering): Type {
  if (origin.inputs === null || scope.kind !== "map") return scope;
  return mapTypeOf(new Map([...scope.fields, ["inputs", inputsType(origin.inputs)]]));
}

function bindInputs(expression: Expression, { origin }: YamlScalar): Expression {
  return origin.inputs === null ? expression : substitute(expression, "inputs", origin.inputs);
}

function checkText(expression: Expression, { scope, report, mayReadNeeds = false }: Lowering): void {
  if (checkReserved(expression, mayReadNeeds, report)) return;
  const type = checkExpression(expression, scope, report);
  if (type.kind === "optional" || type.kind === "null") {
    const message = `This is ${describeType(type)}, and null has no text; give it a default with \`??\``;
    report.add("DC1303", expression.span, message);
  } else if (type.kind === "list" || type.kind === "map") {
    report.add(
      "DC1303",
      expression.span,
      `This is ${describeType(type)}, which has no text; use \`join\` or \`to_json\``,
    );
  }
}

/** A list of texts; a single one counts as a list of one. */
export function lowerTemplates(node: YamlNode | null | undefined, lowering: Lowering): readonly Template[] {
  return itemsOf(node).flatMap((item) => lowerTemplate(item, lowering) ?? []);
}

export function lowerEnv(
  node: YamlNode | null | undefined,
  lowering: Lowering,
): ReadonlyMap<string, Template> {
  const env = new Map<string, Template>();
  for (const [key, entry] of mapOf(node)?.entries ?? []) {
    const template = lowerTemplate(entry.value, lowering);
    if (template) env.set(key, template);
  }
  return env;
}

/** An `if`: an expression of type boolean, with or without `${{ }}` around all of it. */
export function lowerIf(node: YamlNode | null | undefined, lowering: Lowering): IfModel | null {
  const scalar = scalarOf(node);
  if (scalar === null) return null;
  const { report } = lowering;
  const { span } = scalar;
  if (typeof scalar.value === "boolean") {
    return { expression: { kind: "literal", value: scalar.value, span }, source: scalar.source, span };
  }
  if (typeof scalar.value !== "string") return null;
  const wrapped = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(scalar.value);
  const source = wrapped?.[1] ?? scalar.value;
  const expression = parseExpression(source, locateIn(scalar, source), report);
  if (expression === null) return null;
  if (checkReserved(expression, false, report)) return null;
  const type = checkExpression(expression, scopeOf(scalar, lowering), report);
  if (type.kind !== "boolean" && type.kind !== "any") {
    const hint =
      type.kind === "optional" && type.of.kind === "boolean" ? "; give it a default with `??`" : "";
    report.add(
      "DC1303",
      expression.span,
      `A condition must be true or false, this is ${describeType(type)}${hint}`,
    );
  }
  return { expression: bindInputs(expression, scalar), source: source.trim(), span };
}

/** Exact places when the text stands in the file as it reads; else the whole scalar. */
function locateIn({ source, span }: YamlScalar, text: string) {
  const base = source.indexOf(text);
  return (start: number, end: number) =>
    base < 0 ? span : { file: span.file, start: span.start + base + start, end: span.start + base + end };
}

/** A duration within bounds, in milliseconds; null when absent or wrong. */
export function lowerDuration(
  map: YamlMap | null,
  key: string,
  bounds: { readonly min: number; readonly max: number; readonly words: string },
  report: Report,
): number | null {
  const entry = entryOf(map, key);
  const text = textOf(entry?.value);
  const milliseconds = text === null ? null : parseDuration(text);
  if (entry === null || milliseconds === null) return null;
  if (milliseconds >= bounds.min && milliseconds <= bounds.max) return milliseconds;
  report.add("DC1108", entry.value.span, `\`${key}\` must be ${bounds.words}, not \`${text}\``);
  return null;
}
