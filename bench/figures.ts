import { styleText } from "node:util";

/** One line of the table that a bench gives. */
export interface Figure {
  readonly what: string;
  /** With its unit, `2.31 s`; or why it could not be measured. */
  readonly measured: string;
  /** null for what is only stated. */
  readonly target: { readonly words: string; readonly met: boolean | null } | null;
}

export function stated(what: string, measured: string): Figure {
  return { what, measured, target: null };
}

export function atLeast(what: string, ratio: number, least: number): Figure {
  const words = `at least ${least} x`;
  return { what, measured: `${number(ratio)} x`, target: { words, met: ratio >= least } };
}

export function atMost(what: string, value: number, most: number, unit: "x" | "ms" | "" = "x"): Figure {
  const written = (of: string): string => (unit === "" ? of : `${of} ${unit}`);
  const words = `at most ${written(String(most))}`;
  return { what, measured: written(number(value)), target: { words, met: value <= most } };
}

/** A target that nothing could be said about, such as one against a peer that is not there. */
export function notMeasured(what: string, words: string, because: string): Figure {
  return { what, measured: `not measured, because ${because}`, target: { words, met: null } };
}

export function milliseconds(ms: number): string {
  return ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function number(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** As a table of Markdown, ready for docs/performance.md. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, target }) => {
    const met = target?.met === null || target === null ? "" : target.met ? "met" : "**missed**";
    return `| ${what} | ${measured} | ${target?.words ?? ""} | ${met} |`;
  });
  return ["| what | measured | target | |", "|---|---|---|---|", ...rows].join("\n");
}

export function printTable(title: string, figures: readonly Figure[]): void {
  process.stdout.write(`\n${styleText("bold", title)}\n\n${table(figures)}\n`);
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Nearest-rank quantiles of at least one value. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

export function median(values: readonly number[]): number {
  return quantiles(values).p50;
}

/** The slope of log(time) over log(size) by least squares: 1 is linear, 2 is quadratic. */
export function growthSlope(points: readonly { readonly size: number; readonly ms: number }[]): number {
  const logs = points.map(({ size, ms }) => [Math.log(size), Math.log(ms)] as const);
  const mean = (pick: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[pick], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}
