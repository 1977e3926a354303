import type { Report } from "../../diagnostics/report.ts";
import { itemsOf, mapOf, numberOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import type { Env } from "../emit.ts";
import { KeyReader, leftOut, scalarTexts } from "../reader.ts";

interface Spread {
  readonly parallel?: number;
  readonly matrix?: Readonly<Record<string, unknown>>;
  readonly env: Env;
  /** What follows the job's name in that of an instance; null where instances differ in it. */
  readonly suffix: string | null;
}

/** Combinations of one matrix; more could not be planned. */
const CELLS_MAX = 256;

/** `parallel`: a number of instances, or a matrix whose values become environment. */
export function convertParallel(entry: YamlEntry | null, report: Report): Spread {
  const count = numberOf(entry?.value);
  if (entry === null) return { env: {}, suffix: "" };
  if (count !== null)
    return {
      parallel: count,
      env: { CI_NODE_INDEX: "${{ matrix.parallel }}", CI_NODE_TOTAL: String(count) },
      suffix: ` \${{ matrix.parallel }}/${count}`,
    };
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const maps = itemsOf(reader?.node("matrix")).flatMap((item) => mapOf(item) ?? []);
  reader?.finish("`parallel`");
  const [only] = maps;
  const names = [...new Set(maps.flatMap(({ entries }) => [...entries.keys()]))];
  if (only === undefined || !names.every((name) => /^[A-Za-z_]\w{0,62}$/.test(name))) {
    leftOut(report, entry.keySpan, "This matrix is not understood and was left out");
    return { env: {}, suffix: "" };
  }
  const everywhere = (name: string): boolean => maps.every(({ entries }) => entries.has(name));
  const env = Object.fromEntries(
    names.map((name) => [name, everywhere(name) ? `\${{ matrix.${name} }}` : `\${{ matrix.${name} ?? '' }}`]),
  );
  const suffix = `: [${names.map((name) => `\${{ matrix.${name} }}`).join(", ")}]`;
  if (maps.length === 1) return { matrix: { axes: Object.fromEntries(axesOf(only)) }, env, suffix };
  const cells = maps.flatMap((one) => combine(axesOf(one)));
  if (cells.length <= CELLS_MAX)
    return { matrix: { include: cells }, env, suffix: names.every(everywhere) ? suffix : null };
  leftOut(report, entry.keySpan, `This matrix has more than ${CELLS_MAX} cells and was left out`);
  return { env: {}, suffix: "" };
}

function axesOf({ entries }: YamlMap): readonly (readonly [string, readonly string[]])[] {
  return Array.from(entries.values(), ({ key, value }) => [key, [...new Set(scalarTexts(value))]]);
}

function combine(axes: ReturnType<typeof axesOf>): readonly Readonly<Record<string, string>>[] {
  let cells: Readonly<Record<string, string>>[] = [{}];
  for (const [name, values] of axes)
    cells = cells
      .flatMap((cell) => values.map((value) => ({ ...cell, [name]: value })))
      .slice(0, CELLS_MAX + 1);
  return cells;
}
