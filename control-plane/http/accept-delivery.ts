import { createHash } from "node:crypto";
import type { ForgeReading } from "../../schemas/forge.ts";
import { isUuid, type DeliveryId, type RepositoryId, type RunId } from "../../schemas/ids.ts";
import { newId } from "../clock.ts";
import type { Database, Transaction } from "../db/client.ts";
import {
  findDelivery,
  findRunOfSameEvent,
  findRunToRepeat,
  insertDeliveryIfNew,
  settleDelivery,
  upsertRepository,
  type DeliveryState,
} from "../db/deliveries.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { createRun } from "../lifecycle/index.ts";

/** The same event under another key counts as the same for so long after its run began, and while the run lives. */
const SAME_EVENT_MS = 10 * 60_000;

export interface VerifiedDelivery {
  readonly forge: "github";
  readonly key: string;
  readonly eventName: string;
  readonly body: Uint8Array;
  readonly reading: ForgeReading;
}

export type DeliveryAnswer =
  | {
      readonly kind: "stored";
      readonly delivery: DeliveryId;
      readonly state: DeliveryState;
      readonly note: string | null;
      readonly run: RunId | null;
    }
  /** The key is known with another body: a replay that was tampered with, or a broken sender. */
  | { readonly kind: "conflict"; readonly delivery: DeliveryId };

/**
 * Stores a delivery, creates its run and wakes the planner in one transaction. A key that is known
 * gets the answer of its first time, whatever has happened since.
 */
export async function acceptDelivery(
  database: Database,
  delivery: VerifiedDelivery,
): Promise<DeliveryAnswer> {
  const { forge, key, eventName, body } = delivery;
  const bodySha256 = createHash("sha256").update(body).digest();
  return inTransaction(database, async (tx) => {
    const id = newId<DeliveryId>();
    if (await insertDeliveryIfNew(tx, { id, forge, key, eventName, body, bodySha256 })) {
      const outcome = await actOn(tx, id, delivery);
      await settleDelivery(tx, id, outcome);
    }
    const stored = await findDelivery(tx, forge, key);
    if (stored === null) {
      throw new Error(`delivery ${key} was neither new nor there`);
    }
    return bodySha256.equals(stored.bodySha256)
      ? {
          kind: "stored",
          delivery: stored.id,
          state: stored.state,
          note: stored.note,
          run: stored.runId,
        }
      : { kind: "conflict", delivery: stored.id };
  });
}

interface Outcome {
  readonly state: DeliveryState;
  readonly note: string | null;
  readonly repositoryId: RepositoryId | null;
}

async function actOn(tx: Transaction, id: DeliveryId, delivery: VerifiedDelivery): Promise<Outcome> {
  const { forge, key, eventName, reading } = delivery;
  const author = { actor: "webhook", cause: `${forge} ${eventName} ${key}` };
  switch (reading.kind) {
    case "ignored":
      return { state: "ignored", note: reading.why, repositoryId: null };
    case "malformed":
      return { state: "refused", note: reading.why, repositoryId: null };
    case "event": {
      const repositoryId = await upsertRepository(tx, forge, reading.repository, newId<RepositoryId>());
      const same = await findRunOfSameEvent(tx, repositoryId, reading.event, SAME_EVENT_MS);
      if (same !== null) {
        return { state: "ignored", note: `the same event came before and made run ${same}`, repositoryId };
      }
      await createRun(tx, author, {
        repositoryId,
        deliveryId: id,
        event: reading.event,
        headSha: reading.event.head,
        baseSha: null,
        request: null,
        rerunOf: null,
      });
      return { state: "accepted", note: null, repositoryId };
    }
    case "rerun": {
      const { head, externalId, repository } = reading;
      const repositoryId = await upsertRepository(tx, forge, repository, newId<RepositoryId>());
      if (externalId !== null && !isUuid(externalId)) {
        return { state: "ignored", note: "the check is not one of ours", repositoryId };
      }
      const run = await findRunToRepeat(tx, repositoryId, { head, checkId: externalId });
      if (run === null) {
        return { state: "ignored", note: `no run of ${head} is known`, repositoryId };
      }
      if (!run.ended) {
        return { state: "ignored", note: `run ${run.id} is still going on`, repositoryId };
      }
      await createRun(tx, author, {
        repositoryId,
        deliveryId: id,
        event: run.event,
        headSha: run.headSha,
        baseSha: run.baseSha,
        request: null,
        rerunOf: run.id,
      });
      return { state: "accepted", note: null, repositoryId };
    }
    default:
      return reading satisfies never;
  }
}
