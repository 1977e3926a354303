import type { Connection } from "../db/client.ts";
import { isUuid, type AttemptId, type LeaseId, type RunId } from "../../schemas/ids.ts";
import { LOG_GRACE_MS } from "../../schemas/limits.ts";
import { hashToken } from "./tokens.ts";

/** What a runner may act on: its own attempt and nothing else. */
export interface LeaseGrant {
  readonly leaseId: LeaseId;
  readonly attemptId: AttemptId;
  readonly runId: RunId;
  readonly epoch: number;
  /** False during the grace after the end: logs may still come, states never change. */
  readonly live: boolean;
}

export interface LeaseCredentials {
  readonly leaseId: string;
  readonly token: string;
  /** Null for requests that carry no epoch, such as git's: the token alone names it. */
  readonly epoch: number | null;
}

/**
 * Who holds this lease, or null for every lease that is unknown, foreign or no longer holds: one
 * answer, from one statement, whatever is wrong. With `allowGrace` the newest lease of an attempt
 * is still good for LOG_GRACE_MS after it ended. Judged by the database's clock.
 */
export async function authoriseLease(
  connection: Connection,
  credentials: LeaseCredentials,
  options: { readonly allowGrace: boolean },
): Promise<LeaseGrant | null> {
  const { leaseId, token, epoch } = credentials;
  if (!isUuid(leaseId)) {
    return null;
  }
  const [row] = await connection<LeaseGrant[]>`
    select l.id as "leaseId", l.attempt_id as "attemptId", a.run_id as "runId", l.epoch,
      l.state in ('granted', 'active') and delta.lease_holds(l.expires_at) as live
    from delta.leases l join delta.attempts a on a.id = l.attempt_id
    where l.id = ${leaseId} and l.token_hash = ${hashToken(token)} and l.epoch = coalesce(${epoch}, l.epoch)
      and l.epoch = a.epoch`;
  if (row === undefined || row.live) {
    return row ?? null;
  }
  return options.allowGrace && (await endedWithinGrace(connection, leaseId)) ? row : null;
}

async function endedWithinGrace(connection: Connection, leaseId: string): Promise<boolean> {
  const rows = await connection`
    select from delta.leases
    where id = ${leaseId} and coalesce(ended_at, expires_at) > clock_timestamp() - ${LOG_GRACE_MS} * interval '1 millisecond'`;
  return rows.length === 1;
}
