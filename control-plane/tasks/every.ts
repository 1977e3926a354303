import { setTimeout as delay } from "node:timers/promises";
import type { TaskLog } from "./context.ts";

/** A loop that runs in the background until it is stopped. */
export interface Loop {
  /** Lets the next pass come at once instead of after its wait, but not before the rest that follows the last one. */
  soon(): void;
  /** Ends after the pass that is under way. Safe when repeated. */
  stop(): Promise<void>;
}

/** Bounds what a stream of hints can cost: four passes in a second, and long passes a third of the time. */
const REST_MS_MIN = 250;
const REST_PER_PASS = 2;

/**
 * Runs the body, waits, and so on; one pass at a time. A pass that fails is followed by the next one.
 * A failure is logged when it begins and when it is over, not with every pass between.
 */
export function every(intervalMs: number, name: string, log: TaskLog, body: () => Promise<void>): Loop {
  const stopping = new AbortController();
  let hint = new AbortController();
  let isFailing = false;
  let restMs = REST_MS_MIN;
  const wait = async (milliseconds: number, end: AbortSignal): Promise<void> => {
    await delay(milliseconds, undefined, { signal: end }).catch(() => {});
  };
  const pass = async (): Promise<void> => {
    const began = performance.now();
    try {
      await body();
      if (isFailing) {
        log.warn({}, `${name} works again`);
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        log.error({ err: error }, `${name} failed; it is tried again`);
      }
      isFailing = true;
    }
    restMs = Math.max(REST_MS_MIN, REST_PER_PASS * (performance.now() - began));
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const atOnce = Math.min(restMs, intervalMs);
      await wait(atOnce, stopping.signal);
      if (!stopping.signal.aborted) {
        await wait(intervalMs - atOnce, hint.signal);
      }
      hint = new AbortController();
      if (!stopping.signal.aborted) {
        await pass();
      }
    }
  };
  const done = loop();
  return {
    soon: () => hint.abort(),
    stop: () => {
      stopping.abort();
      hint.abort();
      return done;
    },
  };
}

/** Runs the work, and meanwhile the reminder, again and again. */
export async function meanwhile(
  intervalMs: number,
  name: string,
  log: TaskLog,
  reminder: () => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  const reminding = every(intervalMs, name, log, reminder);
  try {
    await work();
  } finally {
    await reminding.stop();
  }
}
