import { knownDeliveries, settleDeliveryCheck, takeDeliveryCheck } from "../db/delivery-checks.ts";
import type { Database } from "../db/client.ts";
import type { Forge, TriedDelivery } from "../../schemas/forge.ts";
import type { TaskLog } from "./context.ts";

/** The forge's clock is not ours, and what it tried a moment ago may still be on its way. */
const OVERLAP_MS = 5 * 60_000;
/** Between two tries of one delivery; the first is asked for at once. */
const AGAIN_MS = 60_000;
/** After so many tries that did not reach us it is our end that refuses, as with a wrong secret. */
const TRIES_MAX = 5;

export interface RecoverDeliveriesContext {
  readonly database: Database;
  readonly forge: Forge;
  /** Between two comparisons, whichever control plane makes them. */
  readonly intervalMs: number;
  /** Right for a control plane that has just begun: what was sent while nobody was at work is missing. */
  readonly atOnce: boolean;
  readonly log: TaskLog;
}

/**
 * Finds deliveries that never came, as those of an hour when the database was away, by the forge's own
 * list, and has them made again. They come by the front door: signed, and under the key they always had.
 */
export async function recoverDeliveries(context: RecoverDeliveriesContext): Promise<void> {
  const { database, forge, intervalMs, atOnce } = context;
  const check = await takeDeliveryCheck(database, forge.name, intervalMs, atOnce);
  if (check === null) {
    return;
  }
  const { checkedUntilMs, nowMs } = check;
  const tried = await forge.deliveriesSince(checkedUntilMs - OVERLAP_MS);
  const byKey = Map.groupBy(tried, ({ key }) => key);
  const known = await knownDeliveries(database, forge.name, [...byKey.keys()]);
  let settledUntilMs = nowMs;
  for (const [key, tries] of byKey) {
    if (!known.has(key) && !isGivenUp(tries)) {
      await askAgain(context, key, tries, nowMs);
      settledUntilMs = Math.min(settledUntilMs, ...tries.map(({ triedAtMs }) => triedAtMs));
    }
  }
  await settleDeliveryCheck(database, forge.name, settledUntilMs);
}

function isGivenUp(tries: readonly TriedDelivery[]): boolean {
  return tries.length >= TRIES_MAX;
}

async function askAgain(
  { forge, log }: RecoverDeliveriesContext,
  key: string,
  tries: readonly TriedDelivery[],
  nowMs: number,
): Promise<void> {
  const newest = tries.reduce((left, right) => (right.triedAtMs > left.triedAtMs ? right : left));
  if (tries.length > 1 && nowMs - newest.triedAtMs < AGAIN_MS) {
    return;
  }
  await forge.redeliver(newest.id);
  log.warn(
    { forge: forge.name, delivery: key, tries: tries.length },
    "a delivery that never came is asked for again",
  );
}
