import type { PipelineEvent } from "../../schemas/event.ts";
import type { AttemptId, JobId, LeaseId, RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { StepReport } from "../../schemas/runner-protocol.ts";
import type { AttemptState, LeaseState, RunState } from "../../schemas/states.ts";
import type { Connection, Transaction } from "./client.ts";

/** What a claim needs to know of an attempt and its run. */
export interface ClaimableAttempt {
  readonly id: AttemptId;
  readonly runId: RunId;
  readonly jobId: JobId;
  readonly jobKey: string;
  readonly number: number;
  readonly state: AttemptState;
  readonly runState: RunState;
  readonly planDigest: string;
  readonly event: PipelineEvent;
  readonly headSha: string;
}

/** The run of an attempt and the hash of its claim token, both of which never change once set. */
export async function readClaimTarget(
  connection: Connection,
  attemptId: string,
): Promise<{ readonly runId: RunId; readonly claimTokenHash: Buffer | null } | null> {
  const [row] = await connection<{ runId: RunId; claimTokenHash: Buffer | null }[]>`
    select run_id as "runId", claim_token_hash as "claimTokenHash" from delta.attempts where id = ${attemptId}`;
  return row ?? null;
}

/** The caller holds the lock of the run. */
export async function readClaimable(tx: Transaction, attemptId: string): Promise<ClaimableAttempt | null> {
  const [row] = await tx<ClaimableAttempt[]>`
    select a.id, a.run_id as "runId", a.job_id as "jobId", j.key as "jobKey", a.number, a.state,
      r.state as "runState", r.plan_digest as "planDigest", r.event, r.head_sha as "headSha"
    from delta.attempts a join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where a.id = ${attemptId}`;
  return row ?? null;
}

export interface NewLease {
  readonly id: LeaseId;
  readonly attemptId: AttemptId;
  readonly tokenHash: Buffer;
  readonly bootNonce: string;
  readonly holder: string;
  readonly ttlMs: number;
}

/** Inserts a granted lease; its epoch is higher than that of every lease before it. */
export async function insertLease(tx: Transaction, lease: NewLease): Promise<number> {
  const [row] = await tx<{ epoch: number }[]>`
    insert into delta.leases (id, attempt_id, token_hash, boot_nonce, holder, expires_at)
    values (${lease.id}, ${lease.attemptId}, ${lease.tokenHash}, ${lease.bootNonce}, ${lease.holder},
      clock_timestamp() + ${lease.ttlMs} * interval '1 millisecond')
    returning epoch`;
  return row?.epoch ?? Number.NaN;
}

/**
 * Gives the attempt's granted, not yet acknowledged lease another token, if the same start of the
 * same runner asks: its first answer was lost. Null when there is no such lease.
 */
export async function renewGrantOfSameBoot(
  tx: Transaction,
  attemptId: AttemptId,
  bootNonce: string,
  tokenHash: Buffer,
  ttlMs: number,
): Promise<{ readonly id: LeaseId; readonly epoch: number } | null> {
  const [row] = await tx<{ id: LeaseId; epoch: number }[]>`
    update delta.leases set token_hash = ${tokenHash},
      expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
    where attempt_id = ${attemptId} and boot_nonce = ${bootNonce} and state = 'granted' and delta.lease_holds(expires_at)
    returning id, epoch`;
  return row ?? null;
}

/** A lease as the handler of a runner's message sees it. */
export interface HeldLease {
  readonly id: LeaseId;
  readonly state: LeaseState;
  readonly epoch: number;
  readonly attemptId: AttemptId;
  readonly runId: RunId;
  readonly attemptState: AttemptState;
  readonly cancelReason: Reason | null;
  readonly cancelDetail: string | null;
  readonly steps: readonly StepReport[];
  readonly jobKey: string;
  readonly planDigest: string;
  /** Live, and not expired by the database's clock. */
  readonly holds: boolean;
}

/** The lease with this id, token and epoch, whatever its state; null for any other combination. */
export async function readLease(
  connection: Connection,
  credentials: { readonly leaseId: string; readonly tokenHash: Buffer; readonly epoch: number },
): Promise<HeldLease | null> {
  const [row] = await connection<HeldLease[]>`
    select l.id, l.state, l.epoch, a.id as "attemptId", a.run_id as "runId", a.state as "attemptState",
      a.cancel_reason as "cancelReason", a.cancel_detail as "cancelDetail", a.steps, j.key as "jobKey", r.plan_digest as "planDigest",
      l.state in ('granted', 'active') and a.epoch = l.epoch and delta.lease_holds(l.expires_at) as holds
    from delta.leases l join delta.attempts a on a.id = l.attempt_id
      join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where l.id = ${credentials.leaseId} and l.token_hash = ${credentials.tokenHash} and l.epoch = ${credentials.epoch}`;
  return row ?? null;
}

/** Waits for everybody who is changing this lease. Taken after the run's lock, never before it. */
export async function lockLease(tx: Transaction, leaseId: LeaseId): Promise<void> {
  await tx`select from delta.leases where id = ${leaseId} for update`;
}

/** Extends the lease if it still holds, in one fenced statement. False means that it is stale. */
export async function extendLeaseIfHeld(tx: Transaction, lease: HeldLease, ttlMs: number): Promise<boolean> {
  const rows = await tx`
    update delta.leases set expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
    where id = ${lease.id} and epoch = ${lease.epoch} and state in ('granted', 'active')
      and delta.lease_holds(expires_at)
    returning 1`;
  return rows.length === 1;
}

/** Live leases past their time, longest overdue first. */
export async function readExpiredLeases(
  connection: Connection,
  limit: number,
): Promise<readonly { readonly id: LeaseId; readonly runId: RunId }[]> {
  return connection<{ id: LeaseId; runId: RunId }[]>`
    select l.id, a.run_id as "runId" from delta.leases l join delta.attempts a on a.id = l.attempt_id
    where l.state in ('granted', 'active') and l.expires_at <= clock_timestamp()
    order by l.expires_at limit ${limit}`;
}

export interface ExpiredLease {
  readonly state: LeaseState;
  readonly epoch: number;
  readonly attemptId: AttemptId;
  readonly attemptState: AttemptState;
  readonly observed: string | null;
}

/** Locks the lease and reads it if it is live and past its time; null when it was renewed or ended meanwhile. */
export async function lockIfExpired(tx: Transaction, leaseId: LeaseId): Promise<ExpiredLease | null> {
  await lockLease(tx, leaseId);
  const [row] = await tx<ExpiredLease[]>`
    select l.state, l.epoch, a.id as "attemptId", a.state as "attemptState", a.observed
    from delta.leases l join delta.attempts a on a.id = l.attempt_id
    where l.id = ${leaseId} and l.state in ('granted', 'active') and not delta.lease_holds(l.expires_at)`;
  return row ?? null;
}
