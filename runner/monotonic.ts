/** Milliseconds of the machine's monotonic clock. All threads of one process share its origin. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
