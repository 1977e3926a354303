import { createHash } from "node:crypto";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockLease, readLease, type HeldLease } from "../db/leases.ts";
import { isOvertaken, readStoredAnswer, storeAnswer, type MessageKey } from "../db/runner-messages.ts";
import { lockRun } from "../db/state-change.ts";
import { isUuid } from "../../schemas/ids.ts";
import { withChange, type Change } from "./change.ts";
import { hashToken } from "./tokens.ts";

/** A message as it came in: who sends it, its number, and its whole body. */
export interface RunnerMessage {
  readonly leaseId: string;
  readonly token: string;
  readonly epoch: number;
  readonly seq: number;
  readonly type: MessageKey["type"];
  readonly body: unknown;
}

/** Refusals have no effect at all. `order` comes with what was expected instead. */
export type MessageAnswer<Reply> =
  | { readonly status: "ok"; readonly reply: Reply }
  | { readonly status: "stale_lease" | "seq_conflict" }
  | { readonly status: "order" | "invalid_request"; readonly message: string };

export interface MessageHandling<Reply> {
  /** Whether the message may change a state or what people see; then the run's lock is taken first. */
  changesRun(lease: HeldLease): boolean;
  /**
   * Carries the message out on a lease that holds. Only an `ok` answer is stored, for repeats.
   */
  carryOut(change: Change, lease: HeldLease, circumstances: Circumstances): Promise<MessageAnswer<Reply>>;
}

export interface Circumstances {
  /** A later message of the same type came before this one. */
  readonly overtaken: boolean;
  /** The run is locked, so that states may change. */
  readonly runLocked: boolean;
}

/**
 * The one way a runner's message comes in: proves who sends it, answers a repeat as before, refuses
 * a lease that does not hold, and does the rest and stores the answer in one transaction.
 */
export async function receiveMessage<Reply>(
  database: Database,
  message: RunnerMessage,
  handling: MessageHandling<Reply>,
): Promise<MessageAnswer<Reply>> {
  const { leaseId, epoch } = message;
  const credentials = { leaseId, tokenHash: hashToken(message.token), epoch };
  const known = isUuid(leaseId) ? await readLease(database, credentials) : null;
  if (known === null) {
    return { status: "stale_lease" };
  }
  const author = { actor: "runner", cause: message.type };
  return inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      const runLocked = handling.changesRun(known);
      if (runLocked) {
        await lockRun(tx, known.runId);
      }
      await lockLease(tx, known.id);
      const lease = await readLease(tx, credentials);
      return lease === null
        ? { status: "stale_lease" }
        : receiveOnce(change, message, lease, handling, runLocked);
    }),
  );
}

async function receiveOnce<Reply>(
  change: Change,
  message: RunnerMessage,
  lease: HeldLease,
  handling: MessageHandling<Reply>,
  runLocked: boolean,
): Promise<MessageAnswer<Reply>> {
  const { tx } = change;
  const { type, seq } = message;
  const bodySha256 = createHash("sha256").update(JSON.stringify(message.body)).digest();
  const key = { leaseId: lease.id, type, seq, bodySha256 };
  const stored = await readStoredAnswer(tx, key);
  if (stored !== null) {
    return stored.sameBody ? { status: "ok", reply: stored.reply as Reply } : { status: "seq_conflict" };
  }
  if (!lease.holds) {
    return { status: "stale_lease" };
  }
  const answer = await handling.carryOut(change, lease, { overtaken: await isOvertaken(tx, key), runLocked });
  if (answer.status === "ok") {
    await storeAnswer(tx, key, answer.reply);
  }
  return answer;
}
