import type { Report } from "../../diagnostics/report.ts";
import { itemsOf, mapOf, scalarOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type KeyReader, leftOut } from "../reader.ts";

export interface ConvertedMatrix {
  readonly matrix: Readonly<Record<string, unknown>> | undefined;
  readonly axes: ReadonlySet<string>;
}

const AXIS = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;

/** `strategy`. Null when its matrix cannot be converted, which is then told. */
export function convertStrategy(strategy: KeyReader | null, report: Report): ConvertedMatrix | null {
  const written = strategy?.take("matrix") ?? null;
  strategy?.finish("`strategy`", {
    "fail-fast": "is not supported yet",
    "max-parallel": "is not supported yet",
  });
  if (written === null) return { matrix: undefined, axes: new Set() };
  const map = mapOf(written.value);
  const axes: Record<string, unknown> = {};
  const cells: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
  let isWhole = map !== null;
  for (const { key, value } of map?.entries.values() ?? []) {
    const values = itemsOf(value).map(key === "include" || key === "exclude" ? cellOf : valueOf);
    const isPlain = (value.kind === "list" || key === "include") && values.every((one) => one !== null);
    isWhole &&= isPlain && (key === "include" || key === "exclude" || AXIS.test(key));
    if (key === "include" || key === "exclude")
      cells[key] = values as readonly Readonly<Record<string, unknown>>[];
    else axes[key] = [...new Set(values)];
  }
  if (!isWhole) {
    leftOut(
      report,
      written.keySpan,
      "This matrix has values that are no plain texts, numbers or booleans; its job was left out",
    );
    return null;
  }
  const included = (cells["include"] ?? []).flatMap((cell) => Object.keys(cell));
  return { matrix: { axes, ...cells }, axes: new Set([...Object.keys(axes), ...included]) };
}

/** Numbers whose text would change by being read, such as 3.10, become text: that is what was meant. */
function valueOf(node: YamlNode): unknown {
  const scalar = scalarOf(node);
  if (scalar === null || scalar.value === null || scalar.source.includes("${{")) return null;
  return typeof scalar.value === "number" && String(scalar.value) !== scalar.source
    ? scalar.source
    : scalar.value;
}

function cellOf(node: YamlNode): unknown {
  const entries = [...(mapOf(node)?.entries.values() ?? [])].map(
    ({ key, value }) => [key, valueOf(value)] as const,
  );
  return entries.length === 0 || entries.some(([key, value]) => value === null || !AXIS.test(key))
    ? null
    : Object.fromEntries(entries);
}
