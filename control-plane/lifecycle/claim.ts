import { timingSafeEqual } from "node:crypto";
import { newId } from "../clock.ts";
import { declareArtifacts } from "../db/artifacts.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import {
  insertLease,
  readClaimable,
  readClaimTarget,
  renewGrantOfSameBoot,
  type ClaimableAttempt,
} from "../db/leases.ts";
import { readPlan } from "../db/plans.ts";
import { lockRun } from "../db/state-change.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import type { LeaseId } from "../../schemas/ids.ts";
import { CANCEL_CONFIRM_MS } from "../../schemas/limits.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { ClaimProof, ClaimReply, ClaimRequest } from "../../schemas/runner-protocol.ts";
import { ATTEMPT_TRANSITIONS, isTerminal } from "../../schemas/states.ts";
import { attemptSpec } from "./attempt-spec.ts";
import { neededArtifacts } from "./needed-artifacts.ts";
import { withLateValues } from "./late-values.ts";
import { after, withChange, type Change } from "./change.ts";
import type { LeaseTiming } from "./lease-timing.ts";
import { hashToken, randomToken } from "./tokens.ts";
import { moveAttempt, moveRun, recordBirths } from "./transition.ts";

/** Port: which attempt a signed workload identity was issued for; null when it does not hold. */
export interface IdentityVerifier {
  verify(jwt: string): Promise<{ readonly attemptId: string } | null>;
}

export type ClaimAnswer =
  | { readonly status: "granted"; readonly reply: ClaimReply }
  | { readonly status: "unauthorized" | "already_claimed" | "attempt_finished" };

/** Stands in for the hash of an attempt that has none, so that both take the same time. */
const NO_HASH = Buffer.alloc(32);

/**
 * Makes a runner the sole reporter of an attempt: mints the lease and its epoch, or hands a runner
 * whose first answer was lost a fresh token for the same lease. An attempt that does not exist and
 * a proof that does not hold look the same. Where runners have identities, claim tokens prove nothing:
 * none was handed out.
 */
export async function claimAttempt(
  database: Database,
  request: ClaimRequest,
  timing: LeaseTiming,
  identities: IdentityVerifier | null,
): Promise<ClaimAnswer> {
  const target = await readClaimTarget(database, request.attempt_id);
  const proven = await proves(request.proof, request.attempt_id, target?.claimTokenHash ?? null, identities);
  if (target === null || !proven) {
    return { status: "unauthorized" };
  }
  const { version, os, arch, hostname } = request.runner;
  const author = { actor: "runner", cause: `claimed by ${hostname} (${os}/${arch}, ${version})` };
  return inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRun(tx, target.runId);
      const attempt = await readClaimable(tx, request.attempt_id);
      return attempt === null ? { status: "unauthorized" } : grant(change, attempt, request, timing);
    }),
  );
}

async function proves(
  proof: ClaimProof,
  attemptId: string,
  storedHash: Buffer | null,
  identities: IdentityVerifier | null,
): Promise<boolean> {
  switch (proof.kind) {
    case "claim_token":
      return (
        timingSafeEqual(hashToken(proof.token), storedHash ?? NO_HASH) &&
        storedHash !== null &&
        identities === null
      );
    case "nomad_identity":
      return (await identities?.verify(proof.jwt))?.attemptId === attemptId;
    default:
      return proof satisfies never;
  }
}

async function grant(
  change: Change,
  attempt: ClaimableAttempt,
  request: ClaimRequest,
  timing: LeaseTiming,
): Promise<ClaimAnswer> {
  if (isTerminal(ATTEMPT_TRANSITIONS, attempt.state)) {
    return { status: "attempt_finished" };
  }
  const token = randomToken();
  const tokenHash = hashToken(token);
  if (attempt.state !== "dispatched") {
    const again = await renewGrantOfSameBoot(
      change.tx,
      attempt.id,
      request.boot_nonce,
      tokenHash,
      timing.ttlMs,
    );
    return again === null
      ? { status: "already_claimed" }
      : granted(change, again, token, attempt, await jobOf(change, attempt), timing);
  }
  // No work of a run that is being stopped starts.
  if (attempt.runState !== "queued" && attempt.runState !== "running") {
    return { status: "attempt_finished" };
  }
  const job = await jobOf(change, attempt);
  const id = newId<LeaseId>();
  const epoch = await insertLease(change.tx, {
    id,
    attemptId: attempt.id,
    tokenHash,
    bootNonce: request.boot_nonce,
    holder: `${request.runner.hostname} ${request.runner.version}`,
    ttlMs: timing.ttlMs,
  });
  await recordBirths(change, "lease", [id], attempt.runId, ["granted"], epoch);
  await declareArtifacts(change.tx, attempt.id, job.artifacts);
  await takeAttempt(change, attempt, job, epoch);
  return granted(change, { id, epoch }, token, attempt, job, timing);
}

async function jobOf({ tx }: Change, { planDigest, jobKey, runId }: ClaimableAttempt): Promise<PlanJob> {
  return withLateValues(tx, runId, plannedJob(await readPlan(tx, planDigest), jobKey));
}

/** The attempt is leased from now on; the run runs from its first claim. */
async function takeAttempt(
  change: Change,
  attempt: ClaimableAttempt,
  job: PlanJob,
  epoch: number,
): Promise<void> {
  // The runner ends its own attempt at the timeout; ours is the last resort against one that does not.
  const deadline = after(change, job.timeout_ms + job.cancel.grace_ms + CANCEL_CONFIRM_MS);
  await moveAttempt(change, {
    id: attempt.id,
    run: attempt.runId,
    from: "dispatched",
    to: "leased",
    columns: {
      epoch,
      leased_at: new Date(change.now),
      deadline_at: deadline,
      wake_at: deadline,
      pending: null,
    },
  });
  if (attempt.runState === "queued") {
    const columns = { started_at: new Date(change.now) };
    await moveRun(change, { id: attempt.runId, run: attempt.runId, from: "queued", to: "running", columns });
  }
}

async function granted(
  { tx }: Change,
  lease: { readonly id: LeaseId; readonly epoch: number },
  token: string,
  attempt: ClaimableAttempt,
  job: PlanJob,
  timing: LeaseTiming,
): Promise<ClaimAnswer> {
  return {
    status: "granted",
    reply: {
      lease: {
        id: lease.id,
        token,
        epoch: lease.epoch,
        ttl_ms: timing.ttlMs,
        heartbeat_interval_ms: timing.heartbeatIntervalMs,
        margin_ms: timing.marginMs,
      },
      spec: attemptSpec(attempt, job, await neededArtifacts(tx, attempt.runId, job)),
    },
  };
}
