import { MATRIX_CELLS_MAX } from "../../schemas/limits.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import { mapOf as mapTypeOf, optional, type Type, unite } from "../expressions/index.ts";
import type { YamlEntry, YamlNode } from "../yaml/nodes.ts";
import { hasAxesElsewhere } from "./misplaced-axes.ts";
import { entryOf, itemsOf, mapOf, valueOf } from "./read.ts";
import { typeOfScalar } from "./scope.ts";

/** One cell: its values by axis, axes sorted by name. */
export type Cell = ReadonlyMap<string, JsonScalar>;

interface WrittenCell {
  readonly values: Cell;
  readonly span: Span;
}

/**
 * The cells of a job's `matrix` in a fixed order: axes as written, the last one fastest, then the
 * cells that `include` adds. Empty when something is wrong, which is then reported.
 */
export function expandMatrix(entry: YamlEntry, report: Report): readonly Cell[] {
  const matrix = mapOf(entry.value);
  // That has been reported, and without its axes the matrix would be wrong in other ways as well.
  if (matrix === null || hasAxesElsewhere(matrix)) return [];
  const axes = readAxes(entryOf(matrix, "axes"), report);
  if (axes === null) return [];
  const size = [...axes.values()].reduce((product, values) => product * values.length, 1);
  if (size > MATRIX_CELLS_MAX) return tooLarge(entry, axes, size, report);
  const excluded = readCells(entryOf(matrix, "exclude")?.value, "exclude", report);
  const included = readCells(entryOf(matrix, "include")?.value, "include", report);
  const kept = exclude(axes.size === 0 ? [] : combine(axes), excluded, axes, report);
  const cells = include(kept, included, axes);
  if (cells.length > MATRIX_CELLS_MAX) return tooLarge(entry, axes, cells.length, report);
  if (cells.length === 0)
    report.add("DC1402", entry.keySpan, "The matrix has no cell, so the job would never run");
  return cells.map(sortAxes);
}

/** The static type of `matrix`: an axis that some cell lacks is optional. */
export function matrixType(cells: readonly Cell[]): Type {
  const types = new Map<string, Type>();
  const counts = new Map<string, number>();
  for (const [axis, value] of cells.flatMap((cell) => [...cell])) {
    const known = types.get(axis);
    types.set(axis, known ? unite(known, typeOfScalar(value)) : typeOfScalar(value));
    counts.set(axis, (counts.get(axis) ?? 0) + 1);
  }
  return mapTypeOf(
    new Map(
      Array.from(types, ([axis, type]) => [axis, counts.get(axis) === cells.length ? type : optional(type)]),
    ),
  );
}

/** `test[node=24,os=linux]`. */
export function instanceKey(job: string, cell: Cell): string {
  return `${job}[${Array.from(cell, ([axis, value]) => `${axis}=${String(value)}`).join(",")}]`;
}

function readAxes(
  entry: YamlEntry | null,
  report: Report,
): ReadonlyMap<string, readonly JsonScalar[]> | null {
  const axes = new Map<string, readonly JsonScalar[]>();
  let isWhole = true;
  for (const axis of mapOf(entry?.value)?.entries.values() ?? []) {
    const values: JsonScalar[] = [];
    for (const item of itemsOf(axis.value).slice(0, MATRIX_CELLS_MAX + 1)) {
      const value = valueOf(item, axis.key, report);
      if (value === null) continue;
      if (values.some((known) => String(known) === String(value))) {
        report.add("DC1405", item.span, `The axis \`${axis.key}\` has the value \`${String(value)}\` twice`);
      } else {
        values.push(value);
      }
    }
    if (itemsOf(axis.value).length === 0) {
      report.add(
        "DC1402",
        axis.keySpan,
        `The axis \`${axis.key}\` has no values, so the job would never run`,
      );
      isWhole = false;
    }
    axes.set(axis.key, values);
  }
  return isWhole ? axes : null;
}

function readCells(node: YamlNode | undefined, label: string, report: Report): readonly WrittenCell[] {
  // A longer list has been reported by its shape.
  return itemsOf(node)
    .slice(0, MATRIX_CELLS_MAX)
    .flatMap((item) => {
      const values = new Map<string, JsonScalar>();
      for (const entry of mapOf(item)?.entries.values() ?? []) {
        const value = valueOf(entry.value, `${label}.${entry.key}`, report);
        if (value !== null) values.set(entry.key, value);
      }
      return values.size === 0 ? [] : [{ values, span: item.span }];
    });
}

function combine(axes: ReadonlyMap<string, readonly JsonScalar[]>): readonly Cell[] {
  let cells: Cell[] = [new Map()];
  for (const [axis, values] of axes) {
    cells = cells.flatMap((cell) => values.map((value) => new Map([...cell, [axis, value] as const])));
  }
  return cells;
}

function exclude(
  cells: readonly Cell[],
  excluded: readonly WrittenCell[],
  axes: ReadonlyMap<string, readonly JsonScalar[]>,
  report: Report,
): readonly Cell[] {
  let left = cells;
  for (const { values, span } of excluded) {
    const unknown = [...values.keys()].find((axis) => !axes.has(axis));
    if (unknown !== undefined) {
      const message = () => `The matrix has no axis \`${unknown}\`${didYouMean(unknown, namesOf(axes))}`;
      report.add("DC1403", span, message);
      continue;
    }
    if (!cells.some((cell) => agrees(cell, values)))
      report.add("DC1404", span, "This matches no cell of the matrix");
    left = left.filter((cell) => !agrees(cell, values));
  }
  return left;
}

/**
 * An included cell that names axes of the matrix and agrees with cells on all of them adds its other
 * values to those cells; any other one is a cell of its own.
 */
function include(
  cells: readonly Cell[],
  included: readonly WrittenCell[],
  axes: ReadonlyMap<string, readonly JsonScalar[]>,
): readonly Cell[] {
  let extended = [...cells];
  const own: Cell[] = [];
  let known: Set<string> | null = null;
  for (const { values } of included) {
    const named = new Map([...values].filter(([axis]) => axes.has(axis)));
    const isExtension =
      named.size > 0 && named.size < values.size && cells.some((cell) => agrees(cell, named));
    if (isExtension) {
      extended = extended.map((cell) => (agrees(cell, named) ? new Map([...cell, ...values]) : cell));
      known = null;
      continue;
    }
    known ??= new Set([...extended, ...own].map(nameOfCell));
    if (known.has(nameOfCell(values))) continue;
    known.add(nameOfCell(values));
    own.push(values);
  }
  return [...extended, ...own];
}

function agrees(cell: Cell, values: Cell): boolean {
  for (const [axis, value] of values) if (cell.get(axis) !== value) return false;
  return true;
}

/** The same for two cells with the same values, in whatever order they were written. */
function nameOfCell(cell: Cell): string {
  return JSON.stringify([...sortAxes(cell)]);
}

function sortAxes(cell: Cell): Cell {
  return new Map([...cell].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Axes whose sizes a message names. */
const FACTORS_SHOWN = 6;

function tooLarge(
  entry: YamlEntry,
  axes: ReadonlyMap<string, readonly JsonScalar[]>,
  size: number,
  report: Report,
): readonly Cell[] {
  const factors = [...axes.values()].map((values) => values.length);
  const product = `${factors.slice(0, FACTORS_SHOWN).join(" x ")}${factors.length > FACTORS_SHOWN ? " x …" : ""}`;
  report.add(
    "DC1401",
    entry.keySpan,
    `The matrix has ${size} cells (${product}); at most ${MATRIX_CELLS_MAX} are allowed`,
  );
  return [];
}
