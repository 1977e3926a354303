import type { Observation, RunnerPage } from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import type { JobStub } from "./api-types.ts";
import type { NomadConfig } from "./config.ts";
import { inParallel } from "./in-parallel.ts";
import type { JobApi } from "./job-api.ts";
import { attemptOfJobName, jobNameOf, jobNamePrefix } from "./job-name.ts";
import { NomadError } from "./nomad-error.ts";
import { absent, hasEnded, isGone, isOpen, observationOf } from "./observation.ts";

/** Jobs in one page of the list: about a MiB of Nomad's JSON. */
const PAGE_SIZE = 1_000;
/** Of the connections: looking never keeps dispatches and stops waiting for long. */
const READS_SHARE = 0.25;
/** What is remembered beyond is read again; the oldest are the first to be forgotten. */
const REMEMBERED_MAX = 20_000;

/** What an attempt looked like when it was last observed. */
interface Remembered {
  /** Its job's version in the list at that time; null when the list had not shown it yet. */
  version: string | null;
  /** Given when it has ended and never changes again. */
  readonly final: Observation | null;
}

/** Reads what Nomad has of one installation: page by page by name, and attempt by attempt what changed. */
export class Observer {
  readonly #jobs: JobApi;
  readonly #config: NomadConfig;
  readonly #remembered = new Map<AttemptId, Remembered>();
  /** What the last page showed of attempts that were not observed since. */
  #listed = new Map<AttemptId, string>();

  constructor(jobs: JobApi, config: NomadConfig) {
    this.#jobs = jobs;
    this.#config = config;
  }

  async observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]> {
    const lanes = Math.max(1, Math.floor(this.#config.connections * READS_SHARE));
    const seen = await inParallel(attempts, lanes, (attempt) => this.#read(attempt));
    return seen.filter((one) => one !== null);
  }

  /** One request, unless jobs of somebody else bear our prefix. */
  async list(cursor: string | null): Promise<RunnerPage> {
    const { installation } = this.#config;
    const { jobs, nextToken } = await this.#jobs.live(jobNamePrefix(installation), PAGE_SIZE, cursor);
    this.#listed = new Map();
    const attempts: AttemptId[] = [];
    const changed: AttemptId[] = [];
    for (const job of jobs) {
      const attempt = attemptOfJobName(installation, job.ID);
      if (attempt === null) continue;
      attempts.push(attempt);
      const version = versionOf(job);
      if (this.#remembered.get(attempt)?.version !== version) {
        changed.push(attempt);
        this.#listed.set(attempt, version);
      }
    }
    const last = attempts.at(-1);
    if (nextToken === null) return { attempts, changed, upTo: null, next: null };
    return last === undefined
      ? await this.list(nextToken)
      : { attempts, changed, upTo: last, next: nextToken };
  }

  /** null when this one job's answer cannot be understood: no hint is better than a wrong one. */
  async #read(attemptId: AttemptId): Promise<Observation | null> {
    const known = this.#remembered.get(attemptId)?.final ?? null;
    if (known !== null) return known;
    const version = this.#listed.get(attemptId) ?? null;
    this.#listed.delete(attemptId);
    try {
      const { observation, isFinal } = await this.#observation(attemptId);
      this.#remember(attemptId, { version, final: isFinal ? observation : null });
      return observation;
    } catch (error) {
      if (error instanceof NomadError && error.failure === "malformed") return null;
      throw error;
    }
  }

  /** One request for what has an allocation that lives, two for what waits for one, at most three otherwise. */
  async #observation(attemptId: AttemptId): Promise<{ observation: Observation; isFinal: boolean }> {
    const name = jobNameOf(this.#config.installation, attemptId);
    const allocations = await this.#jobs.allocations(name);
    if (allocations.length > 0 && !allocations.every(hasEnded)) {
      const facts = { isStopped: false, isDead: false, allocations, evaluations: [] };
      return { observation: observationOf(attemptId, facts), isFinal: false };
    }
    const evaluations = allocations.length === 0 ? await this.#jobs.evaluations(name) : [];
    if (evaluations.some(isOpen)) {
      const facts = { isStopped: false, isDead: false, allocations, evaluations };
      return { observation: observationOf(attemptId, facts), isFinal: false };
    }
    const job = await this.#jobs.read(name);
    if (job === null) return { observation: absent(attemptId), isFinal: false };
    const facts = { isStopped: job.Stop, isDead: job.Status === "dead", allocations, evaluations };
    return { observation: observationOf(attemptId, facts), isFinal: isGone(facts) };
  }

  #remember(attemptId: AttemptId, seen: Remembered): void {
    this.#remembered.delete(attemptId);
    this.#remembered.set(attemptId, seen);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** Nomad counts an allocation's progress in the job's summary, which has an index of its own. */
function versionOf(stub: JobStub): string {
  return `${stub.ModifyIndex}:${stub.JobSummary?.ModifyIndex ?? 0}`;
}
