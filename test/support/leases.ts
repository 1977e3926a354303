import { createHash, randomBytes, randomUUID } from "node:crypto";
import { testEvent } from "./plans.ts";
import type { Database } from "../../control-plane/db/client.ts";

export interface TestLease {
  readonly repositoryId: string;
  readonly runId: string;
  readonly jobId: string;
  readonly attemptId: string;
  readonly leaseId: string;
  readonly token: string;
  readonly epoch: number;
}

/** A running attempt of a run of `head`, with a live lease, written straight into the tables. */
export async function insertLease(database: Database, head = "a".repeat(40)): Promise<TestLease> {
  const [repositoryId, runId, jobId, attemptId, leaseId] = Array.from({ length: 5 }, () => randomUUID()) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const token = randomBytes(32).toString("base64url");
  const event = testEvent({ head });
  await database`
    insert into delta.repositories (id, forge, forge_id, full_name, clone_url, default_branch, run_count)
    values (${repositoryId}, 'local', ${repositoryId}, 'ada/engine', '/nowhere', 'main', 1)`;
  await database`
    insert into delta.runs (id, repository_id, number, event, head_sha, state)
    values (${runId}, ${repositoryId}, 1, ${database.json({ ...event } as never)}, ${head}, 'running')`;
  await database`
    insert into delta.jobs (id, run_id, key, position, required, state)
    values (${jobId}, ${runId}, 'build', 0, true, 'active')`;
  await database`
    insert into delta.attempts (id, run_id, job_id, number, state, pool)
    values (${attemptId}, ${runId}, ${jobId}, 1, 'running', 'default')`;
  const [lease] = await database<{ epoch: number }[]>`
    insert into delta.leases (id, attempt_id, token_hash, boot_nonce, holder, state, expires_at)
    values (${leaseId}, ${attemptId}, ${createHash("sha256").update(token).digest()}, 'nonce', 'test', 'active',
      clock_timestamp() + interval '1 minute') returning epoch`;
  const epoch = lease?.epoch ?? 0;
  await database`update delta.attempts set epoch = ${epoch} where id = ${attemptId}`;
  return { repositoryId, runId, jobId, attemptId, leaseId, token, epoch };
}

/** Ends the lease as if so many milliseconds ago, so that its grace for logs holds or has passed. */
export async function endLease(database: Database, lease: TestLease, agoMs = 0): Promise<void> {
  await database`
    update delta.leases set state = 'expired', ended_at = clock_timestamp() - ${agoMs} * interval '1 millisecond'
    where id = ${lease.leaseId}`;
}
