import type { ErrorObject } from "ajv";
import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import type { Fix, Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import { DIAGNOSTICS_MAX, type Report } from "../diagnostics/report.ts";
import { didYouMean, suggest } from "../diagnostics/suggest.ts";
import { describeNode, type YamlEntry, type YamlNode, type YamlScalar } from "../yaml/nodes.ts";
import { axesFix, firstMisplacedAxis, isMisplacedAxis } from "./misplaced-axes.ts";

/** An ajv error with what its option `verbose` adds. */
export type ShapeError = ErrorObject & {
  /** `$comment` names the map where its title says what is expected instead. */
  readonly parentSchema: {
    readonly title?: string;
    readonly $comment?: string;
    readonly properties?: object;
  };
};

/** A value in the document and the entry that holds it. */
interface Found {
  readonly node: YamlNode;
  readonly entry: YamlEntry | null;
  /** The nearest key, for messages: `timeout`, or `steps[2]`. */
  readonly label: string;
}

/** Reports one failure of the schema at the place it is about, in the user's words. */
export function explainShapeError(error: ShapeError, root: YamlNode, report: Report): void {
  const found = follow(root, error.instancePath);
  if (found === null || error.keyword === "propertyNames") return;
  if (error.propertyName !== undefined) return explainPropertyName(error, found, report);
  switch (error.keyword) {
    case "additionalProperties":
      return explainUnknownKey(error, found, report);
    case "required":
    case "dependencies":
      return explainMissingKey(error, found, report);
    case "type":
      return explainType(error, found, report);
    default:
      return explainValue(error, found, report);
  }
}

function explainUnknownKey(error: ShapeError, found: Found, report: Report): void {
  const key = String(error.params.additionalProperty);
  const entry = found.node.kind === "map" ? found.node.entries.get(key) : undefined;
  const span = entry?.keySpan ?? found.node.span;
  const where = nameOfMap(error);
  // The ids of jobs are checked where jobs are read.
  if (where === "jobs" || where === "finally") return;
  if (where === "matrix" && entry !== undefined && isMisplacedAxis(entry))
    return explainAxis(entry, found.node, report);
  const known = Object.keys(error.parentSchema.properties ?? {});
  const meant = suggest(key, known);
  const fix = meant === null ? {} : { fix: replace(`Write \`${meant}\``, span, meant) };
  report.add("DC1101", span, `Unknown key ${quote(key)} in ${where}${didYouMean(key, known)}`, fix);
}

function explainAxis(axis: YamlEntry, matrix: YamlNode, report: Report): void {
  const fix = matrix.kind === "map" && firstMisplacedAxis(matrix) === axis ? axesFix(matrix) : null;
  const message = `Unknown key ${quote(axis.key)} in matrix; axes go under \`axes:\``;
  report.add("DC1101", axis.keySpan, message, fix === null ? {} : { fix });
}

/** Where a required key is missing, as `misspeltKeys` names it; empty for any other failure. */
export function missingKey({ keyword, instancePath, params }: ShapeError): string {
  return keyword === "required" ? `${instancePath}/${String(params.missingProperty)}` : "";
}

/** Keys that are there under a wrong name: the misspelling is told, that the key is missing is not. */
export function misspeltKeys(errors: readonly ShapeError[]): ReadonlySet<string> {
  const unknown = errors.filter(({ keyword }) => keyword === "additionalProperties");
  return new Set(
    unknown.slice(0, DIAGNOSTICS_MAX).flatMap(({ instancePath, params, parentSchema }) => {
      const meant = suggest(String(params.additionalProperty), Object.keys(parentSchema.properties ?? {}));
      return meant === null ? [] : [`${instancePath}/${meant}`];
    }),
  );
}

function explainMissingKey(error: ShapeError, found: Found, report: Report): void {
  const key = String(error.params.missingProperty);
  const span = found.entry?.keySpan ?? { ...found.node.span, end: found.node.span.start };
  const where = found.entry ? `\`${found.label}\`` : nameOfMap(error);
  report.add("DC1102", span, `${where} has no \`${key}\``);
}

/** Where null takes a value away that was set below; whether there is one is known when jobs are merged. */
const REMOVABLE = /^\/(?:jobs|finally|templates)\/[^/]+\/./;

function explainType(error: ShapeError, found: Found, report: Report): void {
  const types = error.params.type as string | string[];
  // The title of a map names the map; the title of anything else says what is expected.
  const isMapOnly = [types].flat().every((type) => type === "object" || type === "null");
  const expected = (isMapOnly ? null : error.parentSchema.title) ?? describeTypes(types);
  const { node } = found;
  const code = formCode(error) ?? "DC1103";
  if (node.kind === "scalar" && node.value === null) {
    if (found.entry !== null && REMOVABLE.test(error.instancePath)) return;
    report.add(
      code,
      found.entry?.keySpan ?? node.span,
      `\`${found.label}\` has no value; expected ${expected}`,
    );
    return;
  }
  const wantsText = error.params.type === "string" && node.kind === "scalar" && code === "DC1103";
  if (wantsText) return explainUnquoted(node, found.label, report);
  report.add(code, node.span, `\`${found.label}\` must be ${expected}, not ${shown(node)}`);
}

/** `version: 3.10` is the number 3.1: say so, and offer the quotes. */
function explainUnquoted(node: YamlScalar, label: string, report: Report): void {
  const reads = String(node.value) === node.source ? "" : `, read as ${String(node.value)}`;
  const message = `\`${label}\` must be a string, not ${shown(node)}${reads}; quote it: "${node.source}"`;
  report.add("DC1104", node.span, message, { fix: replace("Quote it", node.span, `"${node.source}"`) });
}

function explainValue(error: ShapeError, found: Found, report: Report): void {
  const { node, label } = found;
  const { title } = error.parentSchema;
  switch (error.keyword) {
    case "enum": {
      const allowed = (error.params.allowedValues as unknown[]).map(String);
      const text = node.kind === "scalar" && typeof node.value === "string" ? node.value : "";
      const list = allowed.map((one) => `\`${one}\``).join(", ");
      const meant = suggest(text, allowed);
      const fix =
        meant !== null && node.kind === "scalar" && node.style === "plain"
          ? { fix: replace(`Write \`${meant}\``, node.span, meant) }
          : {};
      report.add(
        "DC1105",
        node.span,
        `\`${label}\` must be ${allowed.length > 1 ? "one of " : ""}${list}, not ${shown(node)}${didYouMean(text, allowed)}`,
        fix,
      );
      return;
    }
    case "pattern":
      report.add(
        formCode(error) ?? "DC1107",
        node.span,
        `\`${label}\` must be ${title ?? "of another form"}, not ${shown(node)}`,
      );
      return;
    default:
      report.add(
        "DC1106",
        node.kind === "scalar" ? node.span : (found.entry?.keySpan ?? node.span),
        `\`${label}\` ${describeLimit(error)}`,
      );
  }
}

function explainPropertyName(error: ShapeError, found: Found, report: Report): void {
  const key = error.propertyName ?? "";
  const entry = found.node.kind === "map" ? found.node.entries.get(key) : undefined;
  const expected = error.parentSchema.title ?? "a name";
  report.add(
    "DC1107",
    entry?.keySpan ?? found.node.span,
    `The key ${quote(key)} in \`${found.label}\` must be ${expected}`,
  );
}

function nameOfMap({ parentSchema }: ShapeError): string {
  return parentSchema.$comment ?? parentSchema.title ?? "this map";
}

/** Durations and sizes have codes of their own, whatever is wrong with them. */
function formCode(error: ShapeError): DiagnosticCode | null {
  if (error.parentSchema.title?.startsWith("a duration")) return "DC1108";
  return error.parentSchema.title?.startsWith("a size") ? "DC1109" : null;
}

function describeLimit(error: ShapeError): string {
  const limit = Number(error.params.limit);
  switch (error.keyword) {
    case "minItems":
    case "minProperties":
      return limit === 1 ? "is empty" : `must have at least ${limit} entries`;
    case "maxItems":
    case "maxProperties":
      return `has more than ${limit} entries`;
    case "minLength":
      return "is empty";
    case "maxLength":
      return `has more than ${limit} characters`;
    case "minimum":
      return `must be at least ${limit}`;
    case "maximum":
      return `must be at most ${limit}`;
    default:
      return error.message ?? "is not valid";
  }
}

function describeTypes(types: string | readonly string[]): string {
  const words: Record<string, string> = {
    object: "a map",
    array: "a list",
    integer: "a whole number",
    null: "nothing",
  };
  const list = typeof types === "string" ? [types] : types;
  return list.map((type) => words[type] ?? `a ${type}`).join(" or ");
}

function shown(node: YamlNode): string {
  if (node.kind !== "scalar" || node.value === null) return describeNode(node);
  return typeof node.value === "string"
    ? quote(node.value)
    : `${describeNode(node).replace("a ", "the ")} ${quote(node.source)}`;
}

function replace(title: string, span: Span, newText: string): Fix {
  return { title, edits: [{ span, newText }] };
}

/** The node a JSON pointer names. */
function follow(root: YamlNode, pointer: string): Found | null {
  let found: Found = { node: root, entry: null, label: "the pipeline" };
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const { node } = found;
    if (node.kind === "map") {
      const entry = node.entries.get(key);
      if (!entry) return null;
      found = { node: entry.value, entry, label: key };
    } else if (node.kind === "list") {
      const item = node.items[Number(key)];
      if (!item) return null;
      found = { node: item, entry: null, label: `${found.label}[${key}]` };
    } else {
      return null;
    }
  }
  return found;
}
