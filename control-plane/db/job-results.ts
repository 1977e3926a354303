import type { RunId } from "../../schemas/ids.ts";
import type { JobState } from "../../schemas/states.ts";
import type { Connection } from "./client.ts";

/** How a job ended, and what its last attempt handed on. */
export interface JobResult {
  readonly key: string;
  readonly state: JobState;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The jobs of a run with these keys. One that has ended never changes again. */
export async function readJobResults(
  connection: Connection,
  run: RunId,
  keys: readonly string[],
): Promise<readonly JobResult[]> {
  return connection<JobResult[]>`
    select j.key, j.state, coalesce((
      select a.outputs from delta.attempts a where a.job_id = j.id order by a.number desc limit 1), '{}') as outputs
    from delta.jobs j where j.run_id = ${run} and j.key = any(${[...keys]})`;
}
