import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };
import type { Fix, Span } from "../../schemas/diagnostic.ts";
import { Candidates } from "../diagnostics/suggest.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";

const MATRIX_KEYS = new Set(Object.keys(pipelineSchema.definitions.matrix.properties));
const MATRIX_KEY_NAMES = new Candidates(MATRIX_KEYS);

/** An axis written beside `axes`, as other systems have it: a list under a key that a matrix does not know. */
export function isMisplacedAxis({ key, value }: YamlEntry): boolean {
  return value.kind === "list" && !MATRIX_KEYS.has(key) && MATRIX_KEY_NAMES.nearest(key) === null;
}

/** Whether the axes are there and in the wrong place, or under a misspelt key: either is told as such. */
export function hasAxesElsewhere(matrix: YamlMap): boolean {
  return [...matrix.entries.values()].some(
    (entry) =>
      isMisplacedAxis(entry) ||
      (!MATRIX_KEYS.has(entry.key) && MATRIX_KEY_NAMES.nearest(entry.key) === "axes"),
  );
}

/** The first of them, which the fix of all is told with. */
export function firstMisplacedAxis(matrix: YamlMap): YamlEntry | null {
  for (const entry of matrix.entries.values()) if (isMisplacedAxis(entry)) return entry;
  return null;
}

/** Puts the axes under `axes`; null when the text would have to be laid out anew. */
export function axesFix(matrix: YamlMap): Fix | null {
  const axes = [...matrix.entries.values()].filter(isMisplacedAxis);
  const [first] = axes;
  const last = axes.at(-1);
  if (first === undefined || last === undefined || matrix.entries.has("axes")) return null;
  const isFlow = first.keySpan.start > matrix.span.start;
  const isMovable = isFlow
    ? axes.length === matrix.entries.size
    : axes.length === 1 && isInBrackets(last.value);
  if (!isMovable) return null;
  return {
    title: "Write them under `axes`",
    edits: [
      { span: emptyAt(first.keySpan, first.keySpan.start), newText: "axes: { " },
      { span: emptyAt(last.value.span, last.value.span.end), newText: " }" },
    ],
  };
}

/** `[a]`: between the dash of a list in lines and its first value there is always a space. */
function isInBrackets(node: YamlNode): boolean {
  const [first] = node.kind === "list" ? node.items : [];
  return first !== undefined && first.span.start === node.span.start + 1;
}

function emptyAt(span: Span, offset: number): Span {
  return { file: span.file, start: offset, end: offset };
}
