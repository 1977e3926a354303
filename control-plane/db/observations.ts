import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { AttemptState } from "../../schemas/states.ts";
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

/** States of the attempts that exist among those named. */
export async function readStates(
  connection: Connection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AttemptState>> {
  const rows = await connection<{ id: string; state: AttemptState }[]>`
    select id, state from delta.attempts where id = any(${[...ids]}::uuid[])`;
  return new Map(rows.map(({ id, state }) => [id, state]));
}
