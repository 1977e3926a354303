import type { LeaseId } from "../../schemas/ids.ts";
import type { Transaction } from "./client.ts";

/** One message of a runner: its type and number on its lease, and the hash of what it says. */
export interface MessageKey {
  readonly leaseId: LeaseId;
  readonly type: "ack" | "heartbeat" | "complete" | "cancel_ack";
  readonly seq: number;
  readonly bodySha256: Buffer;
}

export interface StoredAnswer {
  readonly sameBody: boolean;
  readonly reply: unknown;
}

/** What was answered to this number before; null when it is new. */
export async function readStoredAnswer(tx: Transaction, key: MessageKey): Promise<StoredAnswer | null> {
  const [row] = await tx<StoredAnswer[]>`
    select body_sha256 = ${key.bodySha256} as "sameBody", reply from delta.runner_messages
    where lease_id = ${key.leaseId} and type = ${key.type} and seq = ${key.seq}`;
  return row ?? null;
}

export async function storeAnswer(tx: Transaction, key: MessageKey, reply: unknown): Promise<void> {
  await tx`
    insert into delta.runner_messages (lease_id, type, seq, body_sha256, status, reply)
    values (${key.leaseId}, ${key.type}, ${key.seq}, ${key.bodySha256}, 200, ${JSON.stringify(reply)}::text::json)`;
}

/** True when a message of this type with a higher number was taken before: this one was overtaken on its way. */
export async function isOvertaken(tx: Transaction, key: MessageKey): Promise<boolean> {
  const rows = await tx`
    select from delta.runner_messages
    where lease_id = ${key.leaseId} and type = ${key.type} and seq > ${key.seq} limit 1`;
  return rows.length > 0;
}
