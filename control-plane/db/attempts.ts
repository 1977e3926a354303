import type { AttemptId, JobId, RunId } from "../../schemas/ids.ts";
import type { AttemptState } from "../../schemas/states.ts";
import type { Transaction } from "./client.ts";

export interface NewAttempt {
  readonly id: AttemptId;
  readonly jobId: JobId;
  readonly number: number;
  readonly pool: string;
  readonly priority: number;
  readonly state: Extract<AttemptState, "created" | "queued">;
  /** Milliseconds since 1970 by the database's clock, as the others. */
  readonly notBefore: number;
  /** null while it is not queued. */
  readonly queuedAt: number | null;
  readonly wakeAt: number;
  readonly queueDeadlineAt: number;
  readonly concurrencyGroup: string | null;
  /** Its matrix, if that bounds how many cells run at once. */
  readonly cellsOf: string | null;
}

export async function insertAttempts(
  tx: Transaction,
  run: RunId,
  attempts: readonly NewAttempt[],
): Promise<void> {
  const moment = (milliseconds: number): string => new Date(milliseconds).toISOString();
  const rows = attempts.map((attempt) => ({
    ...attempt,
    notBefore: moment(attempt.notBefore),
    queuedAt: attempt.queuedAt === null ? null : moment(attempt.queuedAt),
    wakeAt: moment(attempt.wakeAt),
    queueDeadlineAt: moment(attempt.queueDeadlineAt),
  }));
  await tx`
    insert into delta.attempts (id, run_id, job_id, number, pool, priority, state, not_before, queued_at, wake_at,
      queue_deadline_at, concurrency_group, cells_of)
    select id, ${run}, "jobId", number, pool, priority, state, "notBefore", "queuedAt", "wakeAt",
      "queueDeadlineAt", "concurrencyGroup", "cellsOf"
    from jsonb_to_recordset(${tx.json(rows)}) as row (id uuid, "jobId" uuid, number int, pool text, priority int,
      state text, "notBefore" timestamptz, "queuedAt" timestamptz, "wakeAt" timestamptz,
      "queueDeadlineAt" timestamptz, "concurrencyGroup" text, "cellsOf" text)`;
}
