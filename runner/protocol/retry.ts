import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionLost } from "./http-connection.ts";
import { Refused } from "./refused.ts";

/** First pause after a lost answer; doubles with every further one. */
const DELAY_MS_FIRST = 100;
/** A control plane that restarts is back within seconds; waiting longer would only lose time. */
const DELAY_MS_MAX = 5_000;
/** A server's own `retry-after` is honoured up to this. */
const RETRY_AFTER_MS_MAX = 30_000;

/** True when the same request may be answered otherwise later. */
export function isTemporary(error: unknown): error is ConnectionLost | Refused {
  if (error instanceof ConnectionLost) return true;
  return error instanceof Refused && error.temporary;
}

/** Pause before try number `tries + 1`, between half and all of an exponential step so that runners spread. */
export function retryDelayMs(tries: number, error: unknown, random: () => number = Math.random): number {
  const step = Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** Math.min(tries - 1, 16));
  const asked = error instanceof Refused ? Math.min(error.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX) : 0;
  return Math.max(asked, step * (0.5 + random() / 2));
}

/** Repeats until there is an answer. Throws a lasting refusal at once, and the signal's reason when it aborts. */
export async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTemporary(error)) throw error;
      await sleep(retryDelayMs(tries, error), undefined, { signal }).catch(() => undefined);
    }
  }
}
