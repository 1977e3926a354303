import { setTimeout as delay } from "node:timers/promises";
import type { TaskLog } from "./context.ts";

/** A loop that runs in the background until it is stopped. */
export interface Loop {
  /** Ends after the pass that is under way. Safe when repeated. */
  stop(): Promise<void>;
}

/** Runs the body, waits, and so on; one pass at a time. A pass that fails is logged, and the next one comes. */
export function every(intervalMs: number, name: string, log: TaskLog, body: () => Promise<void>): Loop {
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) {
        await body().catch((error: unknown) =>
          log.error({ err: error }, `${name} failed; it is tried again`),
        );
      }
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
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
