import { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlMap, YamlNode } from "../../yaml/nodes.ts";
import { changed, KeyReader, noted, scalarTexts } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";
import type { Known } from "./known.ts";
import { type ConvertedMatrix, convertStrategy, typesOf } from "./matrix.ts";
import { type Cell, cellsOfMatrix, restricted } from "./matrix-cells.ts";
import { machineOf } from "./runner.ts";

/** The cells of a job's matrix that run on one kind of machine. */
export interface MachinePart {
  /** What tells the part from the others: `linux`, or a label. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly cells: readonly Cell[];
}

/** More kinds of machines than this in one job are no matrix of systems. */
const PARTS_MAX = 20;

/** Labels of the machine that a job runs on; null when one of them is known only to that server, or depends on the cell. */
export function machineLabels(map: YamlMap, scope: Scope): readonly string[] | null {
  const parts = machineParts(map, scope);
  return (
    labelsOf(map.entries.get("runs-on")?.value, scope) ??
    (parts.length === 1 ? (parts[0]?.labels ?? null) : null)
  );
}

/** Labels that `runs-on` names, each whole; null when one of them is not known. */
function labelsOf(node: YamlNode | undefined, scope: Scope): readonly string[] | null {
  const map = mapOf(node);
  const written = scalarTexts(map === null ? node : (map.entries.get("labels")?.value ?? null));
  const labels = written.map((label) => {
    let isKnown = true;
    const text = label.replace(/\$\{\{((?:(?!\}\}).)*)\}\}/gs, (_, source: string) => {
      const found = convertExpression(source, scope);
      const fixed = "problem" in found ? undefined : found.fixed;
      isKnown &&= fixed !== undefined;
      return fixed ?? "";
    });
    return isKnown && text.trim() !== "" ? text.trim() : null;
  });
  const known = labels.flatMap((label) => label ?? []);
  return known.length === labels.length && known.length > 0 ? known : null;
}

/**
 * The kinds of machines that a matrix chooses. A job of ours runs on one of them: one whose matrix ranges over several
 * becomes a job for each. None when it is not known which they are.
 */
export function machineParts(map: YamlMap, scope: Scope): readonly MachinePart[] {
  const strategy = mapOf(map.entries.get("strategy")?.value);
  const runsOn = map.entries.get("runs-on")?.value;
  if (strategy === null || runsOn === undefined) return [];
  if (!scalarTexts(runsOn).join().includes("matrix.") && mapOf(runsOn) === null) return [];
  const found = convertStrategy(new KeyReader(strategy, new Report()), new Report());
  if (found?.matrix === undefined) return [];
  const cells = cellsOfMatrix(found.matrix);
  const names = [...found.known.keys()];
  const parts = new Map<string, { readonly labels: readonly string[]; readonly cells: Cell[] }>();
  for (const cell of cells) {
    const labels = labelsOf(runsOn, inCell(scope, names, cell));
    if (labels === null) return [];
    const machine = labels.map(machineOf).join();
    const part = parts.get(machine) ?? { labels, cells: [] };
    part.cells.push(cell);
    parts.set(machine, part);
  }
  if (parts.size > PARTS_MAX) return [];
  return [...parts].map(([machine, part]) => ({ name: machine.replaceAll(",", "-"), ...part }));
}

/** What an expression reads in one cell; a value that the cell lacks is empty. */
function inCell(scope: Scope, names: readonly string[], cell: Cell): Scope {
  const known = names.flatMap((name): [string, Known][] => {
    const value = cell[name] ?? "";
    const type = typeof value as "string" | "number" | "boolean";
    const one = { text: type === "string" ? "''" : String(value), type, fixed: String(value) };
    return [
      [`matrix.${name}`, one],
      [`matrix.${name.replace("_", ".")}`, one],
    ];
  });
  return { ...scope, known: new Map([...(scope.known ?? []), ...known]) };
}

/** The part of a job's strategy. What has one value in all of its cells is known. */
export function partOf(
  map: YamlMap,
  found: ConvertedMatrix,
  { cells }: MachinePart,
  report: Report,
): ConvertedMatrix {
  tellParts(map, found, report);
  const { max, fail_fast: failFast } = found.matrix ?? {};
  const { types, values } = typesOf(new Map(), cells);
  const known = Array.from(types, ([name, one]): [string, Known] => {
    const all = cells.map((cell) => cell[name]);
    const [first] = all;
    return typeof first === "string" && all.every((value) => value === first)
      ? [name, { ...one, fixed: first }]
      : [name, one];
  });
  return {
    matrix: {
      ...restricted(found.matrix ?? {}, cells),
      ...(max === undefined ? {} : { max }),
      ...(failFast === undefined ? {} : { fail_fast: failFast }),
    },
    axes: new Set(types.keys()),
    known: new Map(known),
    values,
  };
}

/** What cells of several jobs do not know of each other. */
function tellParts(map: YamlMap, found: ConvertedMatrix, report: Report): void {
  const strategy = mapOf(map.entries.get("strategy")?.value);
  const matrix = strategy?.entries.get("matrix");
  const most = strategy?.entries.get("max-parallel");
  if (matrix !== undefined && found.matrix?.["fail_fast"] === true)
    noted(
      report,
      matrix.keySpan,
      "There is a job here for each kind of machine: a failure in one of them does not end the cells of the others",
    );
  if (most !== undefined && found.matrix?.["max"] !== undefined)
    changed(
      report,
      most.keySpan,
      "There is a job here for each kind of machine, and this holds for each of them alone",
    );
}
