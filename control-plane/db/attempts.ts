import type { AttemptId, JobId, RunId } from "../../schemas/ids.ts";
import type { Transaction } from "./client.ts";

export interface NewAttempt {
  readonly id: AttemptId;
  readonly jobId: JobId;
  readonly number: number;
  readonly pool: string;
  readonly priority: number;
  /** Milliseconds since 1970 by the database's clock, as the next. */
  readonly notBefore: number;
  readonly queueDeadlineAt: number;
  readonly concurrencyGroup: string | null;
  /** Its matrix, if that bounds how many cells run at once. */
  readonly cellsOf: string | null;
}

/** Inserts attempts in state `created`; each wakes when its wait is over. */
export async function insertAttempts(
  tx: Transaction,
  run: RunId,
  attempts: readonly NewAttempt[],
): Promise<void> {
  const rows = attempts.map(({ notBefore, queueDeadlineAt, ...attempt }) => ({
    ...attempt,
    notBefore: new Date(notBefore).toISOString(),
    queueDeadlineAt: new Date(queueDeadlineAt).toISOString(),
  }));
  await tx`
    insert into delta.attempts (id, run_id, job_id, number, pool, priority, not_before, wake_at, queue_deadline_at,
      concurrency_group, cells_of)
    select id, ${run}, "jobId", number, pool, priority, "notBefore", "notBefore", "queueDeadlineAt",
      "concurrencyGroup", "cellsOf"
    from jsonb_to_recordset(${tx.json(rows)}) as row (id uuid, "jobId" uuid, number int, pool text, priority int,
      "notBefore" timestamptz, "queueDeadlineAt" timestamptz, "concurrencyGroup" text, "cellsOf" text)`;
}
