/**
 * Keeps us from piling requests on a Nomad that does not answer.
 *
 * closed: calls pass; FAILURES_TO_OPEN unhealthy ends in a row open it. open: calls are refused until
 * the pause is over. probing: one call passes; its end closes the breaker or opens it for longer.
 */
export interface CircuitBreaker {
  /** Milliseconds until a call may pass; 0 lets this call pass (and makes it the probe when open). */
  admit(): number;
  record(healthy: boolean): void;
}

/** Fewer would open on the ordinary second without a leader after an election. */
const FAILURES_TO_OPEN = 8;
const PAUSE_MS_FIRST = 1_000;
/** Nomad's own election and restart take seconds; longer pauses would delay work after it is back. */
const PAUSE_MS_MAX = 15_000;

export function createCircuitBreaker(monotonicMs: () => number): CircuitBreaker {
  let failures = 0;
  let openUntilMs: number | null = null;
  let pauseMs = PAUSE_MS_FIRST;
  let isProbing = false;

  return {
    admit() {
      if (openUntilMs === null) return 0;
      const waitMs = openUntilMs - monotonicMs();
      if (waitMs > 0) return waitMs;
      // One probe at a time; the others learn its result after the shortest pause.
      if (isProbing) return PAUSE_MS_FIRST;
      isProbing = true;
      return 0;
    },
    record(healthy) {
      if (healthy) {
        failures = 0;
        openUntilMs = null;
        pauseMs = PAUSE_MS_FIRST;
        isProbing = false;
        return;
      }
      failures += 1;
      if (!isProbing && (openUntilMs !== null || failures < FAILURES_TO_OPEN)) return;
      openUntilMs = monotonicMs() + pauseMs;
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
      isProbing = false;
    },
  };
}
