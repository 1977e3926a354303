import type { PipelineEvent } from "../../schemas/event.ts";
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

export interface RepositoryRow {
  readonly id: RepositoryId;
  readonly forge: "github" | "local";
  readonly forgeId: string;
  readonly fullName: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  readonly installationId: string | null;
}

export interface RunToPlan {
  readonly event: PipelineEvent;
  readonly head: string;
  readonly base: string | null;
  readonly request: { readonly jobs: readonly string[]; readonly all: boolean } | null;
  readonly repository: RepositoryRow;
}

/** What a run is to be planned from; null when there is no such run. */
export async function findRunToPlan(connection: Connection, runId: RunId): Promise<RunToPlan | null> {
  const [row] = await connection<RunToPlan[]>`
    select r.event, r.head_sha as head, r.base_sha as base, r.request,
      jsonb_build_object('id', p.id, 'forge', p.forge, 'forgeId', p.forge_id, 'fullName', p.full_name,
        'cloneUrl', p.clone_url, 'defaultBranch', p.default_branch, 'installationId', p.installation_id) as repository
    from delta.runs r join delta.repositories p on p.id = r.repository_id where r.id = ${runId}`;
  return row ?? null;
}
