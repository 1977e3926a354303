import { MATRIX_CELLS_MAX } from "../../schemas/limits.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Template } from "../expressions/index.ts";
import type { YamlEntry } from "../yaml/nodes.ts";
import type { Cell } from "./expand-matrix.ts";
import { numberOf } from "./read.ts";

/** The axis that `parallel` adds: 1 to its number. */
const AXIS = "parallel";

/** Each cell as many times as `parallel` says; the cells as they are when it is not written. */
export function expandParallel(
  cells: readonly Cell[] | null,
  entry: YamlEntry | null,
  report: Report,
): readonly Cell[] {
  const count = entry === null ? null : numberOf(entry.value);
  if (entry === null || count === null) return cells ?? [];
  const base = cells ?? [new Map()];
  if (base.length * count > MATRIX_CELLS_MAX) {
    const message = `\`parallel\` makes ${base.length * count} instances; at most ${MATRIX_CELLS_MAX} are allowed`;
    report.add("DC1401", entry.keySpan, message);
    return [];
  }
  return base.flatMap((cell) =>
    Array.from({ length: count }, (_, index) => new Map([...cell, [AXIS, index + 1] as const].sort(byAxis))),
  );
}

/** What tells a script its share: DELTA_PARALLEL_INDEX, from 1, and DELTA_PARALLEL_TOTAL. */
export function parallelEnv(entry: YamlEntry | null): ReadonlyMap<string, Template> {
  const count = entry === null ? null : numberOf(entry.value);
  if (entry === null || count === null) return new Map();
  const { span } = entry.value;
  const index: Template = {
    parts: [
      {
        kind: "member",
        object: { kind: "name", name: "matrix", span },
        key: { kind: "literal", value: AXIS, span },
        span,
      },
    ],
    span,
  };
  return new Map([
    ["DELTA_PARALLEL_INDEX", index],
    ["DELTA_PARALLEL_TOTAL", { parts: [String(count)], span }],
  ]);
}

function byAxis([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
