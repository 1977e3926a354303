import { setTimeout as delay } from "node:timers/promises";
import type { RunView } from "../../schemas/api.ts";
import type { ApiClient } from "../api-client.ts";
import { CliFailure } from "../failure.ts";
import { openProgress, type Progress } from "./progress.ts";
import { runEnded } from "./run-text.ts";

export interface FollowOptions {
  readonly id: string;
  /** Asked again whenever the connection is lost, so that a server that moved is found. May throw CliFailure. */
  readonly client: () => Promise<ApiClient>;
  /** Shows nothing. */
  readonly quiet: boolean;
  readonly signal?: AbortSignal;
  /** How long to go on without any server before giving up. */
  readonly patienceMs?: number;
  readonly progress?: Progress;
}

const PATIENCE_MS_DEFAULT = 60_000;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 2_000;

/**
 * Follows a run until it has ended and gives its last view. A lost connection is taken up again; the
 * last `server_unreachable` is thrown when nobody answers for as long as patience allows.
 */
export async function followRun(options: FollowOptions): Promise<RunView> {
  const progress = options.quiet ? null : (options.progress ?? (await openProgress()));
  const signal = options.signal ?? new AbortController().signal;
  let heardAt = performance.now();
  let waitMs = RETRY_MS_MIN;
  try {
    for (;;) {
      try {
        const client = await options.client();
        const ended = await followOnce(client, options.id, signal, (run) => {
          heardAt = performance.now();
          waitMs = RETRY_MS_MIN;
          progress?.show(run);
        });
        if (ended !== null) return ended;
      } catch (error) {
        signal.throwIfAborted();
        if (!isLost(error)) throw error;
        if (performance.now() - heardAt > (options.patienceMs ?? PATIENCE_MS_DEFAULT)) throw error;
        if (waitMs === RETRY_MS_MIN)
          progress?.note("The control plane does not answer; looking for it, or for another.");
      }
      await delay(waitMs, undefined, { signal });
      waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    }
  } finally {
    if (options.progress === undefined) progress?.close();
  }
}

async function followOnce(
  client: ApiClient,
  id: string,
  signal: AbortSignal,
  show: (run: RunView) => void,
): Promise<RunView | null> {
  for await (const run of client.follow(id, signal)) {
    show(run);
    if (runEnded(run)) return run;
  }
  const run = await client.run(id);
  show(run);
  return runEnded(run) ? run : null;
}

/** True for a connection that broke or a server that is away; false for a refusal or a bug. */
function isLost(error: unknown): boolean {
  if (error instanceof CliFailure)
    return error.code === "server_unreachable" || error.code === "server_missing";
  return error instanceof TypeError || (error as { code?: unknown }).code === "UND_ERR_SOCKET";
}
