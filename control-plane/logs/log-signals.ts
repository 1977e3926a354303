/**
 * Tells readers in this process at once that a log has grown. Readers of a log that another process
 * writes notice by looking again; nothing depends on a signal.
 */
export class LogSignals {
  readonly #waiting = new Map<string, Set<() => void>>();

  notify(attempt: string): void {
    const waiting = this.#waiting.get(attempt);
    this.#waiting.delete(attempt);
    for (const wake of waiting ?? []) {
      wake();
    }
  }

  /** Resolves at the next signal, after the time, or when the abort signal fires. */
  wait(attempt: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(attempt) ?? new Set();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(attempt) === waiting) {
          this.#waiting.delete(attempt);
        }
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener("abort", done, { once: true });
      waiting.add(done);
      this.#waiting.set(attempt, waiting);
      if (signal.aborted) {
        done();
      }
    });
  }
}
