import { styleText } from "node:util";

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

/** The slope of log(time) over log(size) by least squares: 1 is linear, 2 is quadratic. */
export function growthSlope(points: readonly { readonly size: number; readonly ms: number }[]): number {
  const logs = points.map(({ size, ms }) => [Math.log(size), Math.log(ms)] as const);
  const mean = (pick: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[pick], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}

export function print(title: string, rows: readonly (readonly [what: string, figure: string])[]): void {
  process.stdout.write(`\n${styleText("bold", title)}\n`);
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, figure] of rows) process.stdout.write(`  ${what.padEnd(width)}  ${figure}\n`);
}

/** CPU time of this process for one call: the least of several, after one that warms up. */
export function cpuMs(body: () => void, turns = 5): number {
  if (turns > 1) body();
  const taken = Array.from({ length: turns }, () => {
    const before = process.cpuUsage();
    body();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...taken);
}
