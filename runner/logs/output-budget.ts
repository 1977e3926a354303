/** Kept back for the runner's own lines and for the markers that say output was cut. */
const RESERVE_BYTES = 64 * 1024;

/** The bytes that one attempt may still write to its log, shared by its streams. */
export class OutputBudget {
  readonly limitBytes: number;
  #left: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.#left = limitBytes;
  }

  /** The whole attempt's log as two budgets: what steps may print, and what the runner itself needs. */
  static split(logBytesMax: number): { readonly steps: OutputBudget; readonly runner: OutputBudget } {
    const reserve = Math.min(RESERVE_BYTES, Math.floor(logBytesMax / 2));
    return { steps: new OutputBudget(logBytesMax - reserve), runner: new OutputBudget(reserve) };
  }

  /** How many of `wanted` bytes may still be kept; they count as used. */
  take(wanted: number): number {
    const granted = Math.min(wanted, this.#left);
    this.#left -= granted;
    return granted;
  }
}
