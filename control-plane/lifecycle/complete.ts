import type { Database } from "../db/client.ts";
import type { HeldLease } from "../db/leases.ts";
import { readPlan } from "../db/plans.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import { LOG_GRACE_MS, OUTPUTS_BYTES_MAX } from "../../schemas/limits.ts";
import type { CancelAckRequest, CompleteReply, CompleteRequest } from "../../schemas/runner-protocol.ts";
import type { TerminalAttemptState } from "../../schemas/states.ts";
import { endAttempt, type EndAttempt } from "./attempts.ts";
import type { Change } from "./change.ts";
import { receiveMessage, type MessageAnswer } from "./runner-message.ts";

interface Sender {
  readonly leaseId: string;
  readonly token: string;
}

/** Which reasons go with which outcome; a runner that mixes them is refused. */
const REASONS_OF_OUTCOME: Readonly<Record<CompleteRequest["outcome"], readonly CompleteRequest["reason"][]>> =
  {
    succeeded: ["ok"],
    failed: [
      "step_failed",
      "oom",
      "signaled",
      "command_not_found",
      "checkout_failed",
      "outputs_invalid",
      "artifact_missing",
      "artifact_refused",
      "artifact_failed",
      "runner_error",
    ],
    timed_out: ["step_timeout", "attempt_timeout", "no_output_timeout"],
  };

/**
 * The holder of the lease ends its attempt. Against a stop that was asked for first, the stop wins:
 * the attempt ends as canceled, and the answer says so.
 */
export async function completeAttempt(
  database: Database,
  sender: Sender,
  body: CompleteRequest,
): Promise<MessageAnswer<CompleteReply>> {
  const { epoch, seq, outcome, reason } = body;
  if (!REASONS_OF_OUTCOME[outcome].includes(reason)) {
    const expected = REASONS_OF_OUTCOME[outcome].join(", ");
    return {
      status: "invalid_request",
      message: `outcome ${outcome} does not go with ${reason}, but with ${expected}`,
    };
  }
  return receiveMessage(
    database,
    { ...sender, epoch, seq, type: "complete", body },
    {
      changesRun: () => true,
      carryOut: async (change, lease) => {
        if (lease.state === "granted") {
          return { status: "order", message: "a lease is acknowledged before its attempt is completed" };
        }
        const outputs = body.outputs ?? {};
        const { outputs: declared } = plannedJob(await readPlan(change.tx, lease.planDigest), lease.jobKey);
        const fault = outputsFault(outputs, declared);
        if (fault !== null) {
          return { status: "invalid_request", message: fault };
        }
        return endHeld(change, lease, {
          ...(lease.attemptState === "cancel_requested"
            ? { ...stopped(lease), receipt: "steps_ended" }
            : { to: outcome, reason, detail: body.summary === "" ? null : body.summary }),
          exitCode: outcome === "failed" && body.exit_code === 0 ? null : body.exit_code,
          steps: body.steps,
          outputs,
          lease: "completed",
        });
      },
    },
  );
}

/** Why a runner may not hand these on; null when it may. Its own reading of the file is no proof. */
function outputsFault(outputs: Readonly<Record<string, string>>, declared: readonly string[]): string | null {
  const unknown = Object.keys(outputs).find((name) => !declared.includes(name));
  if (unknown !== undefined) {
    return `the job has no output ${unknown}`;
  }
  const bytes = Object.entries(outputs).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("=")), 0);
  return bytes > OUTPUTS_BYTES_MAX ? `the outputs have more than ${OUTPUTS_BYTES_MAX} bytes` : null;
}

/** The runner confirms that it stopped as it was asked to. */
export async function acknowledgeCancel(
  database: Database,
  sender: Sender,
  body: CancelAckRequest,
): Promise<MessageAnswer<CompleteReply>> {
  const { epoch, seq, confirmed, killed } = body;
  return receiveMessage(
    database,
    { ...sender, epoch, seq, type: "cancel_ack", body },
    {
      changesRun: () => true,
      carryOut: async (change, lease) =>
        lease.attemptState === "cancel_requested"
          ? endHeld(change, lease, {
              ...stopped(lease),
              receipt: killed ? `${confirmed}_after_kill` : confirmed,
              steps: body.steps,
              lease: "canceled",
            })
          : { status: "order", message: "nobody asked this attempt to stop" },
    },
  );
}

type End = Omit<EndAttempt, "id" | "run" | "from" | "epoch" | "stopDelayMs">;

/** How an attempt ends whose stop was asked for and is confirmed. */
function stopped({ cancelReason, cancelDetail }: HeldLease): Pick<End, "to" | "reason" | "detail"> {
  const reason = cancelReason ?? "canceled_by_user";
  const to: TerminalAttemptState = reason === "run_timeout" ? "timed_out" : "canceled";
  return { to, reason, detail: cancelDetail };
}

async function endHeld(change: Change, lease: HeldLease, end: End): Promise<MessageAnswer<CompleteReply>> {
  const { attemptId: id, runId: run, attemptState: from, epoch } = lease;
  const ended = await endAttempt(change, { ...end, id, run, from, epoch, stopDelayMs: LOG_GRACE_MS });
  return ended ? { status: "ok", reply: { state: end.to } } : { status: "stale_lease" };
}
