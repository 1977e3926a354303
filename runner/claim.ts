import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import os from "node:os";
import { CLAIM_DEADLINE_MS } from "../schemas/limits.ts";
import type { ClaimProof, ClaimReply, ClaimRequest } from "../schemas/runner-protocol.ts";
import type { RunnerConfig } from "../schemas/runner-config.ts";
import { BadConfiguration } from "./config.ts";
import { monotonicMs } from "./monotonic.ts";
import { claimAttempt } from "./protocol/client.ts";
import type { HttpConnection } from "./protocol/http-connection.ts";
import { Refused } from "./protocol/refused.ts";
import { untilAnswered } from "./protocol/retry.ts";
import { RUNNER_VERSION } from "./version.ts";

export type ClaimResult =
  | {
      readonly status: "claimed";
      readonly reply: ClaimReply;
      /** When the answered request was sent, on the monotonic clock. */
      readonly askedAtMs: number;
      /** More than one request was sent, so the lease may have been granted to an earlier one. */
      readonly repeated: boolean;
    }
  | { readonly status: "claim_refused" | "control_plane_away" | "stopped"; readonly detail: string };

/** The proof itself. One that came as a file is deleted once read, so that no step ever finds it. */
export async function readProof(proof: RunnerConfig["proof"]): Promise<ClaimProof> {
  if (proof.kind !== "nomad_identity_file") return proof;
  try {
    return { kind: "nomad_identity", jwt: (await readFile(proof.file, "utf8")).trim() };
  } catch (cause) {
    throw new BadConfiguration(`cannot read the identity file ${proof.file}`, { cause });
  } finally {
    await rm(proof.file, { force: true });
  }
}

/** Claims the attempt, repeating the same request while the control plane is away, until its claim deadline. */
export async function claim(
  connection: HttpConnection,
  attemptId: string,
  proof: ClaimProof,
  stopped: AbortSignal,
): Promise<ClaimResult> {
  const request: ClaimRequest = {
    attempt_id: attemptId,
    proof,
    boot_nonce: randomBytes(24).toString("base64url"),
    runner: { version: RUNNER_VERSION, os: os.platform(), arch: os.arch(), hostname: os.hostname() },
  };
  const deadline = AbortSignal.timeout(CLAIM_DEADLINE_MS);
  const over = AbortSignal.any([stopped, deadline]);
  let askedAtMs = monotonicMs();
  let tries = 0;
  try {
    const reply = await untilAnswered(over, () => {
      askedAtMs = monotonicMs();
      tries += 1;
      return claimAttempt(connection, request, over);
    });
    return { status: "claimed", reply, askedAtMs, repeated: tries > 1 };
  } catch (error) {
    if (stopped.aborted) return { status: "stopped", detail: "told to stop before the claim was answered" };
    if (deadline.aborted)
      return {
        status: "control_plane_away",
        detail: `the control plane did not answer the claim within ${CLAIM_DEADLINE_MS / 1_000} s`,
      };
    if (error instanceof Refused) return { status: "claim_refused", detail: error.message };
    throw error;
  }
}
