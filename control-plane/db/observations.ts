import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { Connection } from "./client.ts";

/** An attempt that a backend was asked for. */
export interface DispatchedAttempt {
  readonly id: AttemptId;
  readonly run: RunId;
}

/** Attempts that live and of which a backend has said that it has them. */
export async function readDispatchedAttempts(connection: Connection): Promise<readonly DispatchedAttempt[]> {
  return connection<DispatchedAttempt[]>`
    select id, run_id as run from delta.attempts where finalized_at is null and backend_ref is not null`;
}

/**
 * Those of the named attempts that live, whose runner is being stopped in order, or that ended so
 * short a time ago that their runner may be on its way out.
 */
export async function readCaredFor(
  connection: Connection,
  ids: readonly AttemptId[],
  endingMs: number,
): Promise<ReadonlySet<AttemptId>> {
  const rows = await connection<{ id: AttemptId }[]>`
    select id from delta.attempts where id = any(${[...ids]}::uuid[])
      and (finalized_at is null or stop_wanted
        or finalized_at > clock_timestamp() - make_interval(secs => ${endingMs / 1_000}))`;
  return new Set(rows.map(({ id }) => id));
}
