import type { Connection } from "../db/client.ts";
import type { RunId } from "../../schemas/ids.ts";

/** The forge knows this version of the run: nothing is left to tell unless the run has moved on. */
export async function reportDone(connection: Connection, runId: RunId, version: number): Promise<void> {
  await connection`update delta.runs set report_at = null where id = ${runId} and version = ${version}`;
}

/** The forge could not be told; the sweeper wakes `report-check` again after the delay. */
export async function reportLater(connection: Connection, runId: RunId, delayMs: number): Promise<void> {
  await connection`
    update delta.runs set report_at = clock_timestamp() + ${delayMs} * interval '1 millisecond' where id = ${runId}`;
}
