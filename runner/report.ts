import { setTimeout as sleep } from "node:timers/promises";
import { LOG_GRACE_MS, SUMMARY_CHARACTERS_MAX } from "../schemas/limits.ts";
import type { StepReport } from "../schemas/runner-protocol.ts";
import type { RunnerExitName } from "../schemas/runner-exit.ts";
import type { Lease } from "./lease/lease.ts";
import type { AttemptLogs } from "./logs/attempt-logs.ts";
import { completeMessage, type Failure } from "./outcome.ts";
import type { LeaseClient } from "./protocol/client.ts";
import { Refused } from "./protocol/refused.ts";
import { untilAnswered } from "./protocol/retry.ts";
import type { StopSource } from "./stop-source.ts";

/** How long the report of a finished job waits for its log; a slow store must not lose the outcome. */
const LOG_WAIT_MS = 5 * 60 * 1000;
/** The same for a job that was told to stop: the control plane waits for the confirmation. */
const LOG_WAIT_STOPPED_MS = 4_000;
/** After the report the control plane takes log bytes for LOG_GRACE_MS; this stays short of it. */
const LOG_WAIT_AFTER_REPORT_MS = LOG_GRACE_MS - 10_000;

export interface JobEnd {
  /** False when it ended before the first step. */
  readonly started: boolean;
  readonly failure: Failure | null;
  readonly steps: readonly StepReport[];
  readonly killed: boolean;
  readonly gone: boolean;
  /** What the steps handed on. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Delivery {
  readonly client: LeaseClient;
  readonly lease: Lease;
  readonly stop: StopSource;
  readonly logs: AttemptLogs;
  readonly end: JobEnd;
  readonly warn: (line: string) => void;
}

/** Uploads what is left of the log, then reports how the attempt ended. Throws when the lease is lost on the way. */
export async function deliver(delivery: Delivery): Promise<RunnerExitName> {
  const { lease, stop, logs, warn } = delivery;
  const { cause } = stop;
  // Told to stop from outside: the control plane knows whether that was its own doing.
  if (cause?.kind === "told") await lease.ask();
  lease.lost.throwIfAborted();
  if (cause !== null) logs.own.say(stopWords(stop));
  const uploaded = logs.end().then(() => true);
  const canceled = new Promise<void>((resolve) => lease.onCancel(() => resolve()));
  const stopped = cause === null ? canceled : Promise.resolve();
  const over = new AbortController();
  const wait = async (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([uploaded, wait(LOG_WAIT_MS), stopped.then(() => wait(LOG_WAIT_STOPPED_MS))]);
  const state = await report(delivery);
  if (state !== null) await Promise.race([uploaded, wait(LOG_WAIT_AFTER_REPORT_MS)]);
  over.abort();
  if (state === null) warn("the control plane did not take the report");
  return state === null ? "lease_lost" : "reported";
}

/** The state the control plane stored, or null when it will not hear this runner. */
async function report(delivery: Delivery): Promise<string | null> {
  const { lease } = delivery;
  try {
    if (lease.cancelOrder !== null) return await confirmCancel(delivery);
    return await complete(delivery);
  } catch (error) {
    if (!(error instanceof Refused) || error.endsLease) throw error;
    // A cancel may have been ordered since the last heartbeat, and then only its confirmation is heard.
    if (lease.cancelOrder !== null || (await lease.ask()) !== "cancel") throw error;
    return await confirmCancel(delivery);
  }
}

async function complete({ client, lease, stop, logs, end }: Delivery): Promise<string> {
  const failure = stopFailure(stop) ?? end.failure;
  const message = completeMessage(failure, end.steps, end.outputs);
  const summary = logs.mask(message.summary).slice(0, SUMMARY_CHARACTERS_MAX);
  const reply = await untilAnswered(lease.lost, () => client.complete({ seq: 1, ...message, summary }));
  return reply.state;
}

async function confirmCancel({ client, lease, end }: Delivery): Promise<string | null> {
  // A stop that is not certain is not confirmed; the control plane then says so at its deadline.
  if (!end.gone) return null;
  const confirmed = end.started ? ("process_group_gone" as const) : ("never_started" as const);
  const message = { seq: 1, confirmed, killed: end.killed, steps: [...end.steps] };
  const reply = await untilAnswered(lease.lost, () => client.acknowledgeCancel(message));
  return reply.state;
}

/** What a stop makes of the outcome; null when nothing stopped the job or it ended by itself before. */
function stopFailure(stop: StopSource): Failure | null {
  const { cause } = stop;
  if (cause?.kind === "attempt_timeout")
    return { reason: "attempt_timeout", exitCode: null, summary: "the attempt ran past the job's timeout" };
  if (cause?.kind === "no_output_timeout")
    return {
      reason: "no_output_timeout",
      exitCode: null,
      summary: `the steps wrote nothing for ${cause.afterMs / 1_000} s`,
    };
  if (cause?.kind === "told")
    return {
      reason: "runner_error",
      exitCode: null,
      summary: `the runner was told to stop by ${cause.signal} before the job had ended`,
    };
  return null;
}

function stopWords({ cause }: StopSource): string {
  switch (cause?.kind) {
    case "canceled":
      return `canceled: ${cause.order.reason}`;
    case "attempt_timeout":
      return "stopped: the attempt ran past the job's timeout";
    case "no_output_timeout":
      return `stopped: nothing was written for ${cause.afterMs / 1_000} s`;
    case "told":
      return `stopped: the runner was sent ${cause.signal}`;
    case "lease_lost":
    case undefined:
      return "stopped";
    default:
      return cause satisfies never;
  }
}
