import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Connection } from "./client.ts";

export interface RunSource {
  readonly repositoryId: RepositoryId;
  readonly head: string;
}

/** The repository and commit that attempts of a run may fetch. */
export async function findRunSource(connection: Connection, runId: RunId): Promise<RunSource | null> {
  const [row] = await connection<RunSource[]>`
    select repository_id as "repositoryId", head_sha as head from delta.runs where id = ${runId}`;
  return row ?? null;
}
