/** First delay after one failure; doubles with each failure that follows. */
const DELAY_MS_FIRST = 500;
const DELAY_MS_MAX = 30_000;

/**
 * Full jitter between half and the whole of an exponential delay, so that many attempts that failed
 * together do not come back together. `failures` counts from 1; `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: () => number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 16);
  const ceiling = Math.min(DELAY_MS_FIRST * 2 ** exponent, DELAY_MS_MAX);
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
