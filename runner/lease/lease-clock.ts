/**
 * How long a holder may trust its lease. Counted on the monotonic clock from when the request was
 * sent, because the control plane began to count no earlier than that, and short of the full time by
 * a margin, so that the job is stopped before another runner can be given the attempt.
 */
export class LeaseClock {
  readonly #marginMs: number;
  #trustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(marginMs: number) {
    this.#marginMs = marginMs;
  }

  /** A reply granted `ttlMs` to a request sent at `sentAtMs`. An older reply that arrives late changes nothing. */
  renewed(sentAtMs: number, ttlMs: number): void {
    this.#trustedUntilMs = Math.max(this.#trustedUntilMs, sentAtMs + ttlMs - this.#marginMs);
  }

  /** Zero once the lease may no longer be trusted. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#trustedUntilMs - nowMs);
  }
}
