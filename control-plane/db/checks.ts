import type { CheckId, RunId } from "../../schemas/ids.ts";
import type { Connection } from "./client.ts";

export interface CheckRow {
  readonly id: CheckId;
  readonly jobId: string | null;
  readonly forgeCheckId: string | null;
  readonly reportedSha256: string | null;
  readonly tries: number;
  readonly abandoned: boolean;
}

/** Makes the rows that are missing and returns all of the run. Their ids are what the forge is told as external ids. */
export async function ensureCheckRows(
  connection: Connection,
  runId: RunId,
  wanted: readonly { readonly id: CheckId; readonly jobId: string | null; readonly name: string }[],
): Promise<readonly CheckRow[]> {
  const rows = wanted.map(({ id, jobId, name }) => ({ id, job_id: jobId, name }));
  await connection`
    insert into delta.checks (id, run_id, job_id, name)
    select id, ${runId}, job_id, name from jsonb_to_recordset(${connection.json(rows)}) as row (id uuid, job_id uuid, name text)
    on conflict do nothing`;
  return connection<CheckRow[]>`
    select id, job_id as "jobId", forge_check_id as "forgeCheckId", reported_sha256 as "reportedSha256", tries, abandoned
    from delta.checks where run_id = ${runId}`;
}

/** Takes the sole right to report this run for a while. False when another has it. */
export async function claimReporting(connection: Connection, runId: RunId, forMs: number): Promise<boolean> {
  const rows = await connection`
    update delta.checks set busy_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
    where run_id = ${runId} and job_id is null and (busy_until is null or busy_until < clock_timestamp()) returning 1`;
  return rows.length === 1;
}

/** Sets when the right ends: later while the holder works, soon once it is done. */
export async function holdReporting(connection: Connection, runId: RunId, forMs: number): Promise<void> {
  await connection`
    update delta.checks set busy_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
    where run_id = ${runId} and job_id is null`;
}

/** The forge shows this content now. */
export async function recordReported(
  connection: Connection,
  id: CheckId,
  told: { readonly forgeCheckId: string; readonly version: number; readonly sha256: string },
): Promise<void> {
  await connection`
    update delta.checks set forge_check_id = ${told.forgeCheckId}, reported_version = ${told.version},
      reported_sha256 = ${told.sha256}, tries = 0, last_error = null
    where id = ${id}`;
}

export async function recordReportFailure(
  connection: Connection,
  id: CheckId,
  failure: { readonly message: string; readonly abandoned: boolean },
): Promise<void> {
  await connection`
    update delta.checks set tries = tries + 1, last_error = ${failure.message}, abandoned = ${failure.abandoned}
    where id = ${id}`;
}
