import { TIMEOUT_MS_MAX } from "../schemas/limits.ts";
import type { ClaimReply } from "../schemas/runner-protocol.ts";
import { bringArtifacts } from "./artifacts/bring-artifacts.ts";
import { keepArtifacts } from "./artifacts/keep-artifacts.ts";
import type { AttemptPlace } from "./attempt-place.ts";
import { checkOut } from "./checkout.ts";
import { claim, readProof } from "./claim.ts";
import type { RunnerConfig } from "../schemas/runner-config.ts";
import type { RunnerExitName } from "../schemas/runner-exit.ts";
import { Lease } from "./lease/lease.ts";
import { AttemptLogs } from "./logs/attempt-logs.ts";
import type { Failure } from "./outcome.ts";
import { openControlGroup } from "./processes/control-group.ts";
import { killJobProcesses, type JobIdentity } from "./processes/job-processes.ts";
import { readProcess } from "./processes/process-table.ts";
import { parseAddress } from "./protocol/address.ts";
import { LeaseClient } from "./protocol/client.ts";
import { HttpConnection } from "./protocol/http-connection.ts";
import { untilAnswered } from "./protocol/retry.ts";
import { deliver, type JobEnd } from "./report.ts";
import { inheritedEnvironment } from "./step-environment.ts";
import { runSteps } from "./steps.ts";
import type { StopSource } from "./stop-source.ts";
import { makeWorkspace, removeFolder, type Workspace } from "./workspace.ts";

export interface AttemptOptions {
  /** The module that becomes the heartbeat thread. */
  readonly threadEntry: URL;
  /** Starts the runner anew; see own-command.ts. */
  readonly ownCommand: readonly string[];
  readonly stop: StopSource;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For the operator: one line, never with a token or anything a job printed. */
  readonly warn: (line: string) => void;
}

/** Carries out one attempt from its claim to its report. The workspace is removed however it ends. */
export async function runAttempt(config: RunnerConfig, options: AttemptOptions): Promise<RunnerExitName> {
  const connection = new HttpConnection(parseAddress(config.control_plane));
  try {
    const proof = await readProof(config.proof);
    const claimed = await claim(connection, config.attempt_id, proof, options.stop.gently);
    if (claimed.status !== "claimed") {
      options.warn(claimed.detail);
      return claimed.status;
    }
    const { lease: granted } = claimed.reply;
    const lease = new Lease(options.threadEntry, {
      role: "heartbeat",
      controlPlane: config.control_plane,
      lease: granted,
      askedAtMs: claimed.askedAtMs,
      ttlMs: granted.ttl_ms,
      marginMs: granted.margin_ms,
      intervalMs: granted.heartbeat_interval_ms,
    });
    try {
      const secrets = [granted.token, proof.kind === "claim_token" ? proof.token : proof.jwt];
      const { reply, repeated } = claimed;
      return await holdLease({ config, options, connection, lease, reply, repeated, secrets });
    } finally {
      await lease.end();
    }
  } finally {
    connection.close();
  }
}

interface Holding {
  readonly config: RunnerConfig;
  readonly options: AttemptOptions;
  readonly connection: HttpConnection;
  readonly lease: Lease;
  readonly reply: ClaimReply;
  /** The lease may be older than the answered claim. */
  readonly repeated: boolean;
  /** The runner's own tokens, masked in every log. */
  readonly secrets: readonly string[];
}

async function holdLease(holding: Holding): Promise<RunnerExitName> {
  const { config, options, connection, lease, secrets } = holding;
  const { lease: granted, spec } = holding.reply;
  const { stop, warn } = options;
  const client = new LeaseClient(connection, granted);
  lease.onCancel((order) => stop.stop({ kind: "canceled", order }));
  const lose = (): void => stop.stop({ kind: "lease_lost", why: String(lease.lost.reason) });
  if (lease.lost.aborted) lose();
  lease.lost.addEventListener("abort", lose);
  const timeout = setTimeout(
    () => stop.stop({ kind: "attempt_timeout" }),
    Math.min(spec.timeout_ms, TIMEOUT_MS_MAX),
  );
  const logs = new AttemptLogs(client, spec, secrets, lease.lost);
  let workspace: Workspace | null = null;
  let job: JobIdentity | null = null;
  try {
    let end: JobEnd;
    try {
      await untilAnswered(lease.lost, () => client.acknowledge(1));
      lease.begin();
      if (holding.repeated) await lease.nextAnswer();
      logs.own.say(
        `attempt ${spec.attempt_number} of ${spec.job_key}, commit ${spec.commit}, ref ${spec.ref}`,
      );
      workspace = await makeWorkspace(config.workspace_root, config.attempt_id, config.step_user ?? null);
      const sinceTicks = readProcess(process.pid)?.startTicks ?? 0;
      job = { attemptId: config.attempt_id, folder: workspace.folder, sinceTicks };
      end = await runJob({ config, options, client, lease, granted, spec, workspace, job, logs });
    } catch (error) {
      end = runnerFailed(error, stop);
    } finally {
      clearTimeout(timeout);
    }
    return await deliver({ client, lease, stop, logs, end, warn });
  } catch (error) {
    if (!lease.lost.aborted) throw error;
    warn(`the lease was lost: ${(lease.lost.reason as Error).message}`);
    return "lease_lost";
  } finally {
    logs.giveUp();
    if (job && !(await killJobProcesses(job, new Set())))
      warn("some processes of the job could not be killed");
    if (workspace)
      await removeFolder(workspace.folder).catch((error: Error) =>
        warn(`the workspace stays: ${error.message}`),
      );
  }
}

interface JobRun {
  readonly config: RunnerConfig;
  readonly options: AttemptOptions;
  readonly client: LeaseClient;
  readonly lease: Lease;
  readonly granted: ClaimReply["lease"];
  readonly spec: ClaimReply["spec"];
  readonly workspace: Workspace;
  readonly job: JobIdentity;
  readonly logs: AttemptLogs;
}

async function runJob(run: JobRun): Promise<JobEnd> {
  const { config, options, client, lease, spec, workspace, job, logs } = run;
  const { stop, ownCommand } = options;
  const group = config.step_group === undefined ? null : openControlGroup(config.step_group);
  if (config.step_group !== undefined && group === null)
    logs.own.say(`the job shares the runner's memory: there is no control group ${config.step_group}`);
  const user = config.step_user ?? null;
  const place: AttemptPlace = { spec, workspace, job, user, group, ownCommand, stop, log: logs.own };
  const handing = { place, client, lost: lease.lost };
  const fault = (await fetchSources(run, place)) ?? (await bringArtifacts(handing));
  if (stop.gently.aborted || fault !== null) {
    const failure = fault ?? {
      reason: "checkout_failed",
      exitCode: null,
      summary: "stopped before the first step",
    };
    logs.own.say(failure.summary);
    return { started: false, failure, steps: [], killed: false, gone: true, outputs: {} };
  }
  lease.report({ phase: "running", steps: [] });
  const result = await runSteps({
    ...place,
    inherited: inheritedEnvironment(options.environment, config.inherit_env),
    openStream: (stream) => logs.open(stream),
    onProgress: (steps) => lease.report({ phase: "running", steps }),
  });
  lease.report({ phase: "uploading", steps: result.steps });
  // Files that somebody may still be writing are nobody's result.
  const notKept = result.gone ? await keepArtifacts(handing, result.failure !== null) : null;
  return { started: true, ...result, failure: result.failure ?? notKept };
}

async function fetchSources(
  { config, options, granted }: JobRun,
  place: AttemptPlace,
): Promise<Failure | null> {
  if (place.spec.checkout === null) return null;
  const summary = await checkOut({
    ...place,
    controlPlane: config.control_plane,
    address: parseAddress(config.control_plane),
    lease: granted,
    depth: place.spec.checkout.depth,
    path: options.environment.PATH ?? "/usr/local/bin:/usr/bin:/bin",
  });
  return summary === null ? null : { reason: "checkout_failed", exitCode: null, summary };
}

/** A fault of the runner or its machine: no space for the workspace, no permission, a bug. */
function runnerFailed(error: unknown, stop: StopSource): JobEnd {
  if (stop.cause?.kind === "lease_lost") throw error;
  const failure: Failure = {
    reason: "runner_error",
    exitCode: null,
    summary: `the runner failed: ${(error as Error).message}`,
  };
  return { started: false, failure, steps: [], killed: false, gone: true, outputs: {} };
}
