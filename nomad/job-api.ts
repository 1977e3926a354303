import { Type } from "typebox";
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
import { TASK_NAME } from "./job-body.ts";
import { NomadError } from "./nomad-error.ts";

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

  /** The end of what a task wrote to its standard output or error. Nomad asks the client that has it. */
  async logEnd(allocation: string, kind: "stdout" | "stderr", bytes: number): Promise<string> {
    const { value } = await this.#client.call({
      method: "GET",
      path: `/client/fs/logs/${encodeURIComponent(allocation)}`,
      query: { task: TASK_NAME, type: kind, origin: "end", offset: String(bytes), plain: "true" },
      answer: Type.String(),
      isText: true,
    });
    return value;
  }

  /** One page of the jobs whose name starts with the prefix and that are not dead, by name. */
  async live(
    prefix: string,
    pageSize: number,
    cursor: string | null,
  ): Promise<{ readonly jobs: readonly JobStub[]; readonly nextToken: string | null }> {
    const { value, nextToken } = await this.#client.call({
      method: "GET",
      path: "/jobs",
      query: {
        prefix,
        filter: 'Status != "dead"',
        per_page: String(pageSize),
        ...(cursor !== null && { next_token: cursor }),
      },
      answer: JobList,
    });
    return { jobs: value, nextToken };
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
