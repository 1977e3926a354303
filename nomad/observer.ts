import type { Observation } from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import type { JobStub } from "./api-types.ts";
import type { NomadConfig } from "./config.ts";
import { inParallel } from "./in-parallel.ts";
import type { JobApi } from "./job-api.ts";
import { attemptOfJobName, jobNameOf, jobNamePrefix } from "./job-name.ts";
import { NomadError } from "./nomad-error.ts";
import { absent, isGone, observationOf, type JobFacts } from "./observation.ts";

interface Remembered {
  /** Changes whenever the observation may have. */
  readonly version: string;
  readonly observation: Observation;
}

/** The version of what never changes again. */
const FINAL = "final";

/**
 * Lists what Nomad has of one installation: one request for all jobs that are not dead, then reads
 * only those that wait, that changed since the last pass, or that are asked for and not in the list.
 */
export class Observer {
  readonly #jobs: JobApi;
  readonly #config: NomadConfig;
  #remembered: ReadonlyMap<AttemptId, Remembered> = new Map();

  constructor(jobs: JobApi, config: NomadConfig) {
    this.#jobs = jobs;
    this.#config = config;
  }

  async observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]> {
    const stubs = new Map<AttemptId, JobStub>();
    for (const stub of await this.#jobs.live(jobNamePrefix(this.#config.installation))) {
      const attemptId = attemptOfJobName(this.#config.installation, stub.ID);
      if (attemptId !== null) stubs.set(attemptId, stub);
    }
    const all = [...new Set([...attempts, ...stubs.keys()])];
    const before = this.#remembered;
    const seen = await inParallel(all, this.#config.connections, async (attemptId) => {
      const stub = stubs.get(attemptId);
      const known = before.get(attemptId);
      if (known !== undefined && known.version === (stub === undefined ? FINAL : versionOf(stub)))
        return known;
      return await this.#read(attemptId, stub);
    });
    const found = seen.filter((one) => one !== null);
    // What is neither asked for nor listed is forgotten here, so memory follows what lives.
    this.#remembered = new Map(found.map((one) => [one.observation.attemptId, one]));
    return found.map((one) => one.observation);
  }

  /** null when this one job's answer cannot be understood: no hint is better than a wrong one. */
  async #read(attemptId: AttemptId, stub: JobStub | undefined): Promise<Remembered | null> {
    try {
      const facts = await this.#factsOf(attemptId, stub);
      if (facts === null) return { version: "", observation: absent(attemptId) };
      const observation = observationOf(attemptId, facts);
      const isSettled = observation.state === "running" && stub !== undefined;
      return { version: isGone(facts) ? FINAL : isSettled ? versionOf(stub) : "", observation };
    } catch (error) {
      if (error instanceof NomadError && error.failure === "malformed") return null;
      throw error;
    }
  }

  async #factsOf(attemptId: AttemptId, stub: JobStub | undefined): Promise<JobFacts | null> {
    const name = jobNameOf(this.#config.installation, attemptId);
    const job = stub ?? (await this.#jobs.read(name));
    if (job === null) return null;
    const allocations = await this.#jobs.allocations(name);
    const evaluations = allocations.length === 0 ? await this.#jobs.evaluations(name) : [];
    return { isStopped: job.Stop, isDead: job.Status === "dead", allocations, evaluations };
  }
}

/** Nomad counts an allocation's progress in the job's summary, which has an index of its own. */
function versionOf(stub: JobStub): string {
  return `${stub.ModifyIndex}:${stub.JobSummary?.ModifyIndex ?? 0}`;
}
