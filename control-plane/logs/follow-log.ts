import type { AttemptId } from "../../schemas/ids.ts";
import { LOG_GRACE_MS } from "../../schemas/limits.ts";
import { findLogStream, logsMayGrow } from "../db/logs.ts";
import { readLog, type LogDependencies } from "./log-store.ts";

/** A reader of a log that another control plane writes sees new bytes after at most this. */
const LOOK_AGAIN_MS = 500;

/**
 * The bytes of a stream from an offset on, those that exist and those that come, until the stream is
 * closed, can grow no more, or the signal fires.
 */
export async function* followLog(
  dependencies: LogDependencies,
  attempt: AttemptId,
  stream: number,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = offset;
  while (!signal.aborted) {
    // Asked for before reading, so that bytes which come in between are not missed.
    const grown = dependencies.signals.wait(attempt, LOOK_AGAIN_MS, signal);
    const closed = (await findLogStream(dependencies.database, attempt, stream))?.closed ?? false;
    const mayGrow = !closed && (await logsMayGrow(dependencies.database, attempt, LOG_GRACE_MS));
    for await (const bytes of readLog(dependencies, attempt, stream, at)) {
      at += bytes.length;
      yield bytes;
    }
    if (!mayGrow) {
      return;
    }
    await grown;
  }
}
