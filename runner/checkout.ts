import { setTimeout as sleep } from "node:timers/promises";
import type { AttemptPlace } from "./attempt-place.ts";
import { forwardFromLoopback } from "./loopback-forwarder.ts";
import { runCommand, type CommandResult } from "./processes/command.ts";
import { ATTEMPT_MARKER } from "./processes/job-processes.ts";
import type { Address } from "./protocol/address.ts";
import type { LeaseCredentials } from "./protocol/client.ts";
import { retryDelayMs } from "./protocol/retry.ts";

/** The mirror is one hop away; a fetch that needs more tries will not be saved by them. */
const FETCH_TRIES = 4;
/** One git command. The largest repositories fetch one commit within minutes. */
const GIT_TIMEOUT_MS = 15 * 60 * 1000;
/** git ends in order within this after SIGTERM. */
const GIT_GRACE_MS = 2_000;
/** A transfer slower than one byte a second for this long is dead; seconds. */
const STALLED_SECONDS = 60;

export interface CheckoutRequest extends AttemptPlace {
  readonly controlPlane: string;
  readonly address: Address;
  readonly lease: LeaseCredentials;
  /** Commits of history; null: all of it. */
  readonly depth: number | null;
  readonly path: string;
}

/**
 * Fetches one commit, with as much of its history as was asked for, from the control plane's mirror and checks it out. Resolves to null, or to
 * why it failed. A stop ends it early; the caller knows that from the stop source.
 */
export async function checkOut(request: CheckoutRequest): Promise<string | null> {
  const { address, depth, stop } = request;
  const { commit } = request.spec;
  const forwarder = address.kind === "unix" ? await forwardFromLoopback(address.socketPath) : null;
  try {
    const base = (forwarder?.url ?? request.controlPlane).replace(/\/$/, "");
    const source = `${base}/runner/v1/leases/${request.lease.id}/source.git`;
    const format = commit.length === 64 ? "sha256" : "sha1";
    const made = await git(request, ["init", "--quiet", "--template=", `--object-format=${format}`, "."]);
    if (!succeeded(made)) return failure("init", made);
    for (let tries = 1; ; tries++) {
      const history = depth === null ? [] : [`--depth=${depth}`];
      const options = ["--quiet", ...history, "--no-tags", "--no-write-fetch-head"];
      const fetched = await git(request, ["fetch", ...options, "--end-of-options", source, commit]);
      if (succeeded(fetched)) break;
      if (stop.gently.aborted || tries === FETCH_TRIES || fetched.spawnError)
        return failure("fetch", fetched);
      request.log.say(`the fetch failed; trying again (${tries} of ${FETCH_TRIES - 1})`);
      const pause = retryDelayMs(tries + 2, null);
      await sleep(pause, undefined, { signal: stop.gently }).catch(() => undefined);
    }
    const placed = await git(request, ["checkout", "--quiet", "--detach", commit]);
    return succeeded(placed) ? null : failure("checkout", placed);
  } finally {
    forwarder?.close();
  }
}

async function git(request: CheckoutRequest, args: readonly string[]): Promise<CommandResult> {
  const { workspace, job, user, group, log, stop } = request;
  return await runCommand({
    argv: ["git", ...args],
    cwd: workspace.source,
    env: gitEnvironment(request),
    job,
    user,
    group,
    output: log,
    pipeFolder: workspace.folder,
    timeoutMs: GIT_TIMEOUT_MS,
    stopSignal: "SIGTERM",
    stop,
    graceMs: () => GIT_GRACE_MS,
  });
}

/**
 * The lease token reaches git through its environment alone: not its arguments, not a file, so that it
 * is gone with the process, before the first step starts. No configuration of the machine is read.
 */
function gitEnvironment({ lease, workspace, job, path }: CheckoutRequest): Record<string, string> {
  const settings = [
    ["http.extraHeader", `authorization: Bearer ${lease.token}`],
    ["http.followRedirects", "false"],
    ["http.lowSpeedLimit", "1"],
    ["http.lowSpeedTime", String(STALLED_SECONDS)],
    ["protocol.allow", "never"],
    ["protocol.http.allow", "always"],
    ["protocol.https.allow", "always"],
    ["fetch.recurseSubmodules", "false"],
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["gc.auto", "0"],
  ] as const;
  const environment: Record<string, string> = {
    PATH: path,
    HOME: workspace.home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: String(settings.length),
    [ATTEMPT_MARKER]: job.attemptId,
  };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

function succeeded(result: CommandResult): boolean {
  return result.exitCode === 0 && result.endedBy === "itself";
}

function failure(name: string, result: CommandResult): string {
  const { spawnError, endedBy, signal, exitCode } = result;
  if (spawnError?.code === "ENOENT") return "git was not found where the runner runs";
  if (spawnError) return `git could not be started: ${spawnError.message}`;
  if (endedBy === "stop") return `git ${name} was stopped`;
  if (endedBy === "timeout") return `git ${name} took longer than ${GIT_TIMEOUT_MS / 60_000} minutes`;
  return `git ${name} ended with ${signal ?? `exit code ${exitCode}`}; the runner's log has its words`;
}
