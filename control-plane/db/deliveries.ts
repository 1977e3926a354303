import type { PipelineEvent } from "../../schemas/event.ts";
import type { ForgeRepository } from "../../schemas/forge.ts";
import type { DeliveryId, RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Transaction } from "./client.ts";

export interface NewDelivery {
  readonly id: DeliveryId;
  readonly forge: string;
  readonly key: string;
  readonly eventName: string;
  readonly body: Uint8Array;
  readonly bodySha256: Uint8Array;
}

export type DeliveryState = "accepted" | "ignored" | "refused";

export interface StoredDelivery {
  readonly id: DeliveryId;
  readonly bodySha256: Uint8Array;
  readonly state: DeliveryState;
  readonly note: string | null;
  readonly runId: RunId | null;
}

/**
 * Stores the delivery unless its key is known. False when it is; a delivery of the same key that
 * another transaction is storing is waited for first.
 */
export async function insertDeliveryIfNew(tx: Transaction, delivery: NewDelivery): Promise<boolean> {
  const { id, forge, key, eventName, body, bodySha256 } = delivery;
  const rows = await tx`
    insert into delta.deliveries (id, forge, delivery_key, event_name, body, body_sha256)
    values (${id}, ${forge}, ${key}, ${eventName}, ${body}, ${bodySha256})
    on conflict (forge, delivery_key) do nothing returning 1`;
  return rows.length === 1;
}

export async function settleDelivery(
  tx: Transaction,
  id: DeliveryId,
  outcome: {
    readonly state: DeliveryState;
    readonly note: string | null;
    readonly repositoryId: RepositoryId | null;
  },
): Promise<void> {
  await tx`
    update delta.deliveries
    set state = ${outcome.state}, note = ${outcome.note}, repository_id = ${outcome.repositoryId}
    where id = ${id}`;
}

export async function findDelivery(
  tx: Transaction,
  forge: string,
  key: string,
): Promise<StoredDelivery | null> {
  const [row] = await tx<StoredDelivery[]>`
    select d.id, d.body_sha256 as "bodySha256", d.state, d.note, r.id as "runId"
    from delta.deliveries d left join delta.runs r on r.delivery_id = d.id
    where d.forge = ${forge} and d.delivery_key = ${key}`;
  return row ?? null;
}

/** The row of a forge's repository by the forge's own id; its names and address follow what the forge says now. */
export async function upsertRepository(
  tx: Transaction,
  forge: "github" | "local",
  repository: ForgeRepository,
  newId: RepositoryId,
): Promise<RepositoryId> {
  const { forgeId, fullName, cloneUrl, defaultBranch, installationId } = repository;
  const [row] = await tx<{ id: RepositoryId }[]>`
    insert into delta.repositories (id, forge, forge_id, full_name, clone_url, default_branch, installation_id)
    values (${newId}, ${forge}, ${forgeId}, ${fullName}, ${cloneUrl}, ${defaultBranch}, ${installationId})
    on conflict (forge, forge_id) do update set full_name = excluded.full_name, clone_url = excluded.clone_url,
      default_branch = excluded.default_branch,
      installation_id = coalesce(excluded.installation_id, repositories.installation_id)
    returning id`;
  return row?.id ?? newId;
}

/**
 * The newest run that another delivery of this very event made, if it lives or is younger than `withinMs`.
 * The caller holds the repository's row, so that no such delivery is being stored meanwhile.
 */
export async function findRunOfSameEvent(
  tx: Transaction,
  repositoryId: RepositoryId,
  event: PipelineEvent,
  withinMs: number,
): Promise<RunId | null> {
  const [row] = await tx<{ id: RunId }[]>`
    select id from delta.runs
    where repository_id = ${repositoryId} and head_sha = ${event.head} and delivery_id is not null
      and rerun_of is null and event = ${tx.json({ ...event } as never)}::jsonb
      and (finalized_at is null or created_at > clock_timestamp() - ${withinMs} * interval '1 millisecond')
    order by id desc limit 1`;
  return row?.id ?? null;
}

/** A run as a rerun of it needs to see it. */
export interface RepeatableRun {
  readonly id: RunId;
  readonly ended: boolean;
  readonly event: PipelineEvent;
  readonly headSha: string;
  readonly baseSha: string | null;
}

/**
 * The newest run of a commit in a repository, or the one that a check belongs to. A check of another
 * repository is not found.
 */
export async function findRunToRepeat(
  tx: Transaction,
  repositoryId: RepositoryId,
  by: { readonly head: string; readonly checkId: string | null },
): Promise<RepeatableRun | null> {
  const [row] = await tx<RepeatableRun[]>`
    select r.id, r.finalized_at is not null as ended, r.event, r.head_sha as "headSha", r.base_sha as "baseSha"
    from delta.runs r
    where r.repository_id = ${repositoryId} and r.head_sha = ${by.head}
      and (${by.checkId}::uuid is null or r.id = (select run_id from delta.checks where id = ${by.checkId}::uuid))
    order by r.id desc limit 1`;
  return row ?? null;
}
