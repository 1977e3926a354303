import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE } from "./patience.ts";

const POLL_MS = 50;

/**
 * Waits until `done` settles with anything but false, asking again after a failure, and fails with
 * what it waited for, the last failure and whatever `context` can tell. The time is multiplied by PATIENCE.
 */
export async function withDeadline(
  what: string,
  withinMs: number,
  done: () => Promise<boolean | void>,
  context: () => Promise<string> = () => Promise.resolve(""),
): Promise<void> {
  const allMs = withinMs * PATIENCE;
  const endMs = performance.now() + allMs;
  let last: unknown = null;
  while (performance.now() < endMs) {
    const left = new AbortController();
    const late = delay(endMs - performance.now(), false as const, { signal: left.signal });
    try {
      const answer = await Promise.race([done(), late]);
      if (answer !== false) return;
    } catch (error) {
      last = error;
    } finally {
      left.abort();
      late.catch(() => null);
    }
    await delay(POLL_MS);
  }
  throw new Error(`waited ${allMs} ms in vain for ${what}\n${await context()}`, { cause: last });
}
