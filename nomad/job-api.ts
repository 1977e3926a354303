import {
  AllocationList,
  DeregisterAnswer,
  EvaluationList,
  JobAnswer,
  JobList,
  RegisterAnswer,
  type AllocationStub,
  type EvaluationStub,
  type JobStub,
} from "./api-types.ts";
import type { NomadClient } from "./client.ts";
import { NomadError } from "./nomad-error.ts";

/** Jobs in one page of a list; Nomad itself sets no bound. */
const PAGE_SIZE = 500;
/** A list that never ends is an error of the far end, not a reason to read for ever. */
const PAGES_MAX = 200;

/** Calls on jobs, named for what they mean to us. Every failure is a NomadError. */
export class JobApi {
  readonly #client: NomadClient;

  constructor(client: NomadClient) {
    this.#client = client;
  }

  /** Create only: fails with `exists` when Nomad remembers a job of that name, stopped or not. */
  async create(body: string): Promise<void> {
    await this.#client.call({ method: "POST", path: "/jobs", body, answer: RegisterAnswer });
  }

  /** null when Nomad knows no job of that name. */
  async read(name: string): Promise<JobAnswer | null> {
    const path = `/job/${encodeURIComponent(name)}`;
    return await orAbsent(
      async () => (await this.#client.call({ method: "GET", path, answer: JobAnswer })).value,
    );
  }

  /** Stops the job and keeps its record, which blocks a late create. Right for a job nobody knows. */
  async deregister(name: string): Promise<void> {
    const path = `/job/${encodeURIComponent(name)}`;
    await orAbsent(() =>
      this.#client.call({ method: "DELETE", path, query: { purge: "false" }, answer: DeregisterAnswer }),
    );
  }

  async allocations(name: string): Promise<readonly AllocationStub[]> {
    const path = `/job/${encodeURIComponent(name)}/allocations`;
    const call = { method: "GET", path, query: { all: "true" }, answer: AllocationList } as const;
    return (await orAbsent(async () => (await this.#client.call(call)).value)) ?? [];
  }

  async evaluations(name: string): Promise<readonly EvaluationStub[]> {
    const path = `/job/${encodeURIComponent(name)}/evaluations`;
    const call = { method: "GET", path, answer: EvaluationList } as const;
    return (await orAbsent(async () => (await this.#client.call(call)).value)) ?? [];
  }

  /** Jobs whose name starts with the prefix and that are not dead, page by page. */
  async live(prefix: string): Promise<readonly JobStub[]> {
    const jobs: JobStub[] = [];
    let nextToken: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer: { value: readonly JobStub[]; nextToken: string | null } = await this.#client.call({
        method: "GET",
        path: "/jobs",
        query: {
          prefix,
          filter: 'Status != "dead"',
          per_page: String(PAGE_SIZE),
          ...(nextToken !== null && { next_token: nextToken }),
        },
        answer: JobList,
      });
      jobs.push(...answer.value);
      nextToken = answer.nextToken;
      if (nextToken === null) return jobs;
    }
    throw new NomadError("malformed", `GET /jobs: more than ${PAGES_MAX} pages for the prefix ${prefix}`);
  }
}

async function orAbsent<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NomadError && error.failure === "not_found") return null;
    throw error;
  }
}
