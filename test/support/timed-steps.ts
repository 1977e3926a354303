import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE } from "./patience.ts";

/**
 * The steps of a long test, each with a time of its own. One that is not done by then fails the test with its name, how
 * long those before it took, and what `seen` tells of the moment: the test's own time limit tells nothing.
 */
export class TimedSteps {
  readonly #seen: () => Promise<string>;
  readonly #done: string[] = [];

  constructor(seen: () => Promise<string>) {
    this.#seen = seen;
  }

  /** The time is multiplied by PATIENCE. */
  async step<Value>(name: string, withinMs: number, work: Promise<Value>): Promise<Value> {
    const startedAt = performance.now();
    const over = new AbortController();
    const late = delay(withinMs * PATIENCE, null, { signal: over.signal }).then(() =>
      this.#fail(name, withinMs),
    );
    try {
      const value = await Promise.race([work, late]);
      this.#done.push(`${name} (${Math.round(performance.now() - startedAt)} ms)`);
      return value;
    } finally {
      over.abort();
      late.catch(() => null);
      // When it is too late, nobody waits for it any more.
      work.catch(() => null);
    }
  }

  async #fail(name: string, withinMs: number): Promise<never> {
    const before = this.#done.length === 0 ? "nothing before it" : `done before it: ${this.#done.join(", ")}`;
    const seen = await this.#seen().catch((error: Error) => `nothing could be seen: ${error.message}`);
    throw new Error(`not done within ${withinMs * PATIENCE} ms: ${name}; ${before}\n${seen}`);
  }
}
