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

/** A repository that the forge told us of, by the name it has there now; names are compared as the forge does. */
export async function findForgeRepository(
  connection: Connection,
  forge: RepositoryRow["forge"],
  fullName: string,
): Promise<RepositoryRow | null> {
  const [row] = await connection<RepositoryRow[]>`
    select id, forge, forge_id as "forgeId", full_name as "fullName", clone_url as "cloneUrl",
      default_branch as "defaultBranch", installation_id as "installationId"
    from delta.repositories where forge = ${forge} and lower(full_name) = lower(${fullName})
    order by id desc limit 1`;
  return row ?? null;
}

/** A run whose plan is still to be made. */
export interface UnplannedRun {
  readonly run: RunId;
  readonly repository: RepositoryId;
  /** How often somebody began. */
  readonly tries: number;
}

/** null when there is nothing to plan of it. */
export async function findUnplannedRun(connection: Connection, runId: RunId): Promise<UnplannedRun | null> {
  const [row] = await connection<UnplannedRun[]>`
    select id as run, repository_id as repository, planning_attempts as tries
    from delta.runs where id = ${runId} and state in ('created', 'planning')`;
  return row ?? null;
}

export interface RunToPlan {
  readonly event: PipelineEvent;
  readonly head: string;
  readonly base: string | null;
  /** Head of the newest green run of the target that came before; null when there is none. */
  readonly lastGreen: string | null;
  readonly request: { readonly jobs: readonly string[]; readonly all: boolean } | null;
  readonly repository: RepositoryRow;
}

/**
 * What a run is to be planned from; null when there is no such run. The target of a pull request is the branch
 * it would go into; that of a push is its own ref, then the default branch. Green is a push whose run
 * succeeded, but for runs of named jobs alone: those tell nothing of the other jobs. Runs of the same commit
 * do not count, so that a rerun has something to run.
 */
export async function findRunToPlan(connection: Connection, runId: RunId): Promise<RunToPlan | null> {
  const [row] = await connection<RunToPlan[]>`
    select r.event, r.head_sha as head, r.base_sha as base, r.request,
      (select green.head_sha
        from unnest(case when r.event->'pull_request' <> 'null' then array[r.event#>>'{pull_request,target_ref}']
          else array[r.event->>'ref', 'refs/heads/' || (r.event->>'default_branch')] end) with ordinality target (ref, place),
          lateral (select g.head_sha from delta.runs g
            where g.repository_id = r.repository_id and g.event->>'ref' = target.ref and g.event->>'kind' = 'push'
              and g.state = 'succeeded' and g.number < r.number and g.head_sha <> r.head_sha
              and coalesce(jsonb_array_length(g.request->'jobs'), 0) = 0
            order by g.number desc limit 1) green
        order by target.place limit 1) as "lastGreen",
      jsonb_build_object('id', p.id, 'forge', p.forge, 'forgeId', p.forge_id, 'fullName', p.full_name,
        'cloneUrl', p.clone_url, 'defaultBranch', p.default_branch, 'installationId', p.installation_id) as repository
    from delta.runs r join delta.repositories p on p.id = r.repository_id where r.id = ${runId}`;
  return row ?? null;
}

/** Whose forge is told of a run, and which state of the run it would be told; null when there is no such run. */
export async function findRunToReport(connection: Connection, runId: RunId): Promise<RunToReport | null> {
  const [row] = await connection<(RepositoryRow & { readonly version: number })[]>`
    select p.id, p.forge, p.forge_id as "forgeId", p.full_name as "fullName", p.clone_url as "cloneUrl",
      p.default_branch as "defaultBranch", p.installation_id as "installationId", r.version
    from delta.runs r join delta.repositories p on p.id = r.repository_id where r.id = ${runId}`;
  if (row === undefined) {
    return null;
  }
  const { version, ...repository } = row;
  return { repository, version };
}

export interface RunToReport {
  readonly repository: RepositoryRow;
  /** Raised by every change that could be shown. */
  readonly version: number;
}
