import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };
import type { Fix, Span } from "../../schemas/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";

const MATRIX_KEYS = Object.keys(pipelineSchema.definitions.matrix.properties);

/** Axes written beside `axes`, as other systems have them: lists under keys that a matrix does not know. */
export function misplacedAxes(matrix: YamlMap): readonly YamlEntry[] {
  return [...matrix.entries.values()].filter(
    ({ key, value }) =>
      value.kind === "list" && !MATRIX_KEYS.includes(key) && suggest(key, MATRIX_KEYS) === null,
  );
}

/** Whether the axes are there and in the wrong place, or under a misspelt key: either is told as such. */
export function hasAxesElsewhere(matrix: YamlMap): boolean {
  const unknown = [...matrix.entries.keys()].filter((key) => !MATRIX_KEYS.includes(key));
  return misplacedAxes(matrix).length > 0 || unknown.some((key) => suggest(key, MATRIX_KEYS) === "axes");
}

/** Puts the axes under `axes`; null when the text would have to be laid out anew. */
export function axesFix(matrix: YamlMap): Fix | null {
  const axes = misplacedAxes(matrix);
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
