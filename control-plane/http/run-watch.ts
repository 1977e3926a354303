import type { Database } from "../db/client.ts";
import { readRunVersions } from "../db/run-rows.ts";

/** How soon a viewer sees a change. One small query serves all viewers, whichever control plane made the change. */
const LOOK_MS = 200;

interface Watcher {
  readonly run: string;
  readonly version: number;
  readonly wake: () => void;
}

/**
 * Wakes those who wait for a run to change. It looks while somebody waits and is silent otherwise.
 * A database that is away is looked for again.
 */
export class RunWatch {
  readonly #database: Database;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the run's version is another than this one, after the time, or when the signal fires. */
  changed(run: string, version: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#watchers.delete(watcher);
        resolve();
      };
      const watcher: Watcher = { run, version, wake };
      const timer = setTimeout(wake, timeoutMs);
      signal.addEventListener("abort", wake, { once: true });
      this.#watchers.add(watcher);
      if (signal.aborted) {
        wake();
      }
      if (this.#timer === null) {
        this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
      }
    });
  }

  async #look(): Promise<void> {
    const runs = [...new Set([...this.#watchers].map(({ run }) => run))];
    const versions = await (runs.length === 0
      ? new Map<string, number>()
      : readRunVersions(this.#database, runs).catch(() => null));
    for (const { run, version, wake } of this.#watchers) {
      if (versions !== null && versions.get(run) !== version) {
        wake();
      }
    }
    this.#timer = this.#watchers.size === 0 ? null : setTimeout(() => void this.#look(), LOOK_MS);
  }
}
