import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf, numberOf, scalarOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../../yaml/nodes.ts";
import { plainText } from "../emit.ts";
import { changed, type KeyReader, leftOut } from "../reader.ts";
import type { Known } from "./known.ts";
import type { Cell } from "./matrix-cells.ts";

export interface ConvertedMatrix {
  readonly matrix: Readonly<Record<string, unknown>> | undefined;
  readonly axes: ReadonlySet<string>;
  /** What `matrix.NAME` is in expressions, by that dotted name. */
  readonly known: ReadonlyMap<string, Known>;
  /** Texts that a name has in some cell. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

const AXIS = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
/** Combinations of one matrix; more cannot be planned. */
const CELLS_MAX = 256;

/** `strategy`. Null when its matrix cannot be converted, which is then told. */
export function convertStrategy(strategy: KeyReader | null, report: Report): ConvertedMatrix | null {
  const written = strategy?.take("matrix") ?? null;
  const failFast = strategy?.take("fail-fast") ?? null;
  const most = strategy?.take("max-parallel") ?? null;
  strategy?.finish("`strategy`");
  if (written === null) return { matrix: undefined, axes: new Set(), known: new Map(), values: new Map() };
  const found = cellsOf(written);
  if (typeof found === "string") {
    leftOut(report, written.keySpan, `This matrix ${found}; its job was left out`);
    return null;
  }
  const max = numberOf(most?.value);
  if (most !== null && max === null)
    changed(report, most.keySpan, "How many cells run at once is computed there; here all of them may");
  const stops = failFast === null ? true : booleanOf(failFast.value);
  if (stops === null && failFast !== null)
    changed(
      report,
      failFast.keySpan,
      "Whether one failure ends the others is computed there; here it does not",
    );
  const extra = {
    ...(max === null || max < 1 ? {} : { max }),
    ...(stops === true ? { fail_fast: true } : {}),
  };
  return {
    matrix: { ...found.matrix, ...extra },
    axes: new Set(found.types.keys()),
    known: found.types,
    values: found.values,
  };
}

interface Cells {
  readonly matrix: Readonly<Record<string, unknown>>;
  readonly types: ReadonlyMap<string, Known>;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The matrix, or why there is none. */
function cellsOf({ value }: YamlEntry): Cells | string {
  const map = mapOf(value);
  if (map === null) return "is computed when the job runs";
  const axes = new Map<string, readonly Cell[]>();
  const lists: Record<"include" | "exclude", readonly Cell[]> = { include: [], exclude: [] };
  for (const { key, value: node } of map.entries.values()) {
    const items = node.kind === "list" ? node.items : [];
    if (node.kind !== "list") return `computes \`${key}\` when the job runs`;
    const isList = key === "include" || key === "exclude";
    const cells = items.map((item) => (isList ? cellOf(item, "") : axisCell(item, key)));
    const plain = cells.flatMap((cell) => (cell === null ? [] : [cell]));
    if (plain.length < cells.length || !(isList || AXIS.test(key)))
      return "has values that are no plain texts, numbers or booleans";
    if (key === "include" || key === "exclude")
      lists[key] = plain.filter((cell) => Object.keys(cell).length > 0);
    else axes.set(key, plain);
  }
  const spread = spreadToAll(axes, lists);
  if (spread !== null) return spread;
  const isPlain = [...axes].every(([key, cells]) => cells.every((cell) => Object.keys(cell).join() === key));
  if (isPlain) {
    const values = Object.fromEntries(
      Array.from(axes, ([key, cells]) => [key, [...new Set(cells.map((cell) => cell[key]))]]),
    );
    const { include, exclude } = lists;
    return {
      matrix: {
        axes: values,
        ...(include.length > 0 ? { include } : {}),
        ...(exclude.length > 0 ? { exclude } : {}),
      },
      ...typesOf(axes, include),
    };
  }
  if (lists.include.length + lists.exclude.length > 0)
    return "has maps as values beside `include` or `exclude`";
  let product: Cell[] = [{}];
  for (const cells of axes.values()) {
    product = product.flatMap((before) => cells.map((cell) => ({ ...before, ...cell })));
    if (product.length > CELLS_MAX) return `has more than ${CELLS_MAX} cells`;
  }
  return { matrix: { include: product }, ...typesOf(new Map(), product) };
}

/** What is included without naming an axis belongs to every combination: an axis of one value says that. */
function spreadToAll(
  axes: Map<string, readonly Cell[]>,
  lists: Record<"include" | "exclude", readonly Cell[]>,
): string | null {
  if (axes.size === 0) return null;
  const namesAxis = (cell: Cell): boolean => Object.keys(cell).some((key) => axes.has(key));
  const toAll = lists.include.filter((cell) => !namesAxis(cell));
  lists.include = lists.include.filter(namesAxis);
  const values = Object.assign({}, ...toAll) as Cell;
  if (lists.include.some((cell) => Object.keys(cell).some((key) => Object.hasOwn(values, key))))
    return "includes a value for all cells and another one for some";
  for (const [key, value] of Object.entries(values)) axes.set(key, [{ [key]: value }]);
  return null;
}

/** A value of an axis; a map becomes a value for each of its keys, `AXIS_KEY`. */
function axisCell(node: YamlNode, axis: string): Cell | null {
  const map = mapOf(node);
  if (map !== null) return cellOf(node, `${axis}_`);
  const value = valueOf(node);
  return value === null ? null : { [axis]: value };
}

function cellOf(node: YamlNode, prefix: string): Cell | null {
  const map: YamlMap | null = mapOf(node);
  if (map === null) return null;
  const entries = [...map.entries.values()].map(
    ({ key, value }) => [`${prefix}${key}`, valueOf(value)] as const,
  );
  if (entries.some(([key, value]) => value === null || !AXIS.test(key))) return null;
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

/** Numbers whose text would change by being read, such as 3.10, become text: that is what was meant. Nothing is empty text. */
function valueOf(node: YamlNode): string | number | boolean | null {
  const list = node.kind === "list" ? itemsOf(node) : [];
  if (list.length > 0) return null;
  const scalar = scalarOf(node);
  if (scalar === null || scalar.source.includes("${{")) return null;
  if (scalar.value === null) return "";
  if (typeof scalar.value === "string") return plainText(scalar.value);
  return typeof scalar.value === "number" && String(scalar.value) !== scalar.source
    ? scalar.source
    : scalar.value;
}

/** Each name with its type, and a default where some cells do not have it. */
export function typesOf(
  axes: ReadonlyMap<string, readonly Cell[]>,
  include: readonly Cell[],
): Pick<Cells, "types" | "values"> {
  const values = new Map<string, (string | number | boolean)[]>();
  const cells = [...[...axes.values()].flat(), ...include];
  for (const cell of cells)
    for (const [key, value] of Object.entries(cell)) values.set(key, [...(values.get(key) ?? []), value]);
  const own = ownCells(axes, include);
  const isEverywhere = (name: string): boolean =>
    (axes.size === 0 || axes.has(name)) && own.every((cell) => Object.hasOwn(cell, name));
  const types = new Map(
    Array.from(values, ([name, found]): [string, Known] => {
      const kinds = new Set(found.map((value) => typeof value));
      const [kind] = kinds;
      const type =
        kinds.size === 1 && (kind === "string" || kind === "number" || kind === "boolean") ? kind : "any";
      const none = { string: "''", any: "''", number: "0", boolean: "false" }[type];
      const text = isEverywhere(name) ? `matrix.${name}` : `(matrix.${name} ?? ${none})`;
      return [name, { text, type, values: [...new Set(found.map(String))] }];
    }),
  );
  return { types, values: new Map(Array.from(values, ([name, found]) => [name, found.map(String)])) };
}

/** Included cells that may agree with no combination, and then are cells of their own. */
function ownCells(axes: ReadonlyMap<string, readonly Cell[]>, include: readonly Cell[]): readonly Cell[] {
  return axes.size === 0 ? include : include.filter((cell) => Object.keys(cell).some((key) => axes.has(key)));
}
