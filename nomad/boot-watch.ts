import type { Observation } from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import { inParallel } from "./in-parallel.ts";
import type { NomadConfig } from "./config.ts";
import type { JobApi } from "./job-api.ts";
import { META_BOOT_MS } from "./job-body.ts";
import { jobNameOf } from "./job-name.ts";

/** When this process first saw an attempt's machine run, by the monotonic clock, and how long it may boot. */
interface Boot {
  readonly sinceMs: number;
  readonly bootMs: number;
}

export interface BootWatchOptions {
  /** What the attempt's job was given as its Meta; null when Nomad has no such job. */
  readonly metaOf: (attemptId: AttemptId) => Promise<Readonly<Record<string, string>> | null>;
  readonly lanes: number;
  /** Asks for another look when a machine's time to boot is over. */
  readonly lookAgain: (attemptId: AttemptId) => void;
  readonly monotonicMs: () => number;
}

/** Attempts whose boot is remembered; of those beyond, a boot begins anew, and the claim's deadline ends it. */
const REMEMBERED_MAX = 20_000;

/**
 * Tells machines that boot from machines whose time to boot is over. Nomad calls both running. No clock
 * but our own is read: the time begins when this process first sees the machine run.
 */
export class BootWatch {
  readonly #options: BootWatchOptions;
  /** null for what is no machine. */
  readonly #boots = new Map<AttemptId, Boot | null>();

  constructor(options: BootWatchOptions) {
    this.#options = options;
  }

  async judge(seen: readonly Observation[]): Promise<readonly Observation[]> {
    return await inParallel(seen, this.#options.lanes, (observation) => this.#judge(observation));
  }

  async #judge(observation: Observation): Promise<Observation> {
    const { attemptId, state, detail } = observation;
    if (state !== "running") {
      this.#boots.delete(attemptId);
      return observation;
    }
    const boot = await this.#bootOf(attemptId);
    if (boot === null) return observation;
    const where = detail ?? "on a node";
    if (this.#options.monotonicMs() - boot.sinceMs < boot.bootMs) {
      return { ...observation, start: "booting", detail: `VM booting ${where}` };
    }
    return { ...observation, start: "overdue", detail: `VM ${where} for more than ${boot.bootMs / 1_000} s` };
  }

  async #bootOf(attemptId: AttemptId): Promise<Boot | null> {
    const known = this.#boots.get(attemptId);
    if (known !== undefined) return known;
    const bootMs = Number((await this.#options.metaOf(attemptId))?.[META_BOOT_MS] ?? Number.NaN);
    const boot = Number.isFinite(bootMs) ? { sinceMs: this.#options.monotonicMs(), bootMs } : null;
    this.#boots.set(attemptId, boot);
    const [oldest] = this.#boots.keys();
    if (this.#boots.size > REMEMBERED_MAX && oldest !== undefined) this.#boots.delete(oldest);
    // Nothing that Nomad shows changes at that moment, so we wake ourselves.
    if (boot !== null) setTimeout(() => this.#options.lookAgain(attemptId), bootMs).unref();
    return boot;
  }
}

/** null where no pool of the configuration has machines. */
export function createBootWatch(jobs: JobApi, config: NomadConfig): BootWatch | null {
  if (Object.values(config.pools).every(({ profile }) => profile.machine === null)) return null;
  return new BootWatch({
    metaOf: async (attempt) => (await jobs.read(jobNameOf(config.installation, attempt)))?.Meta ?? null,
    lanes: 1,
    lookAgain: (attempt) => config.onHint?.([attempt]),
    monotonicMs: () => performance.now(),
  });
}
