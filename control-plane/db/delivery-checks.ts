import type { Connection } from "./client.ts";

export interface DeliveryCheck {
  readonly checkedUntilMs: number;
  /** The database's clock. */
  readonly nowMs: number;
}

/**
 * Takes the turn to compare a forge's deliveries with ours. Null when it is not time yet and not asked for at
 * once, and the first time of all: what a forge tried before this installation knew of it is not ours.
 */
export async function takeDeliveryCheck(
  connection: Connection,
  forge: string,
  intervalMs: number,
  atOnce: boolean,
): Promise<DeliveryCheck | null> {
  const next = connection`clock_timestamp() + ${intervalMs} * interval '1 millisecond'`;
  const first = await connection`
    insert into delta.delivery_checks (forge, checked_until, next_at)
    values (${forge}, clock_timestamp(), ${next}) on conflict do nothing returning 1`;
  if (first.length > 0) {
    return null;
  }
  const [row] = await connection<{ until: Date; now: Date }[]>`
    update delta.delivery_checks set next_at = ${next}
    where forge = ${forge} and (next_at <= clock_timestamp() or ${atOnce})
    returning checked_until as until, clock_timestamp() as now`;
  return row === undefined ? null : { checkedUntilMs: row.until.getTime(), nowMs: row.now.getTime() };
}

/** Notes that everything tried before is settled. */
export async function settleDeliveryCheck(
  connection: Connection,
  forge: string,
  untilMs: number,
): Promise<void> {
  await connection`
    update delta.delivery_checks set checked_until = ${new Date(untilMs)} where forge = ${forge}`;
}

/** Those of the keys under which a delivery was stored. */
export async function knownDeliveries(
  connection: Connection,
  forge: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await connection<{ key: string }[]>`
    select delivery_key as key from delta.deliveries
    where forge = ${forge} and delivery_key = any(${[...keys]}::text[])`;
  return new Set(rows.map(({ key }) => key));
}
