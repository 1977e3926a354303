import type { BlobStore } from "../../schemas/blob-store.ts";
import type { Database } from "../db/client.ts";
import {
  forgetDeliveryBodies,
  readLogBlobKeys,
  readNeededCommits,
  readUntidied,
  settleTidied,
  takeRepositoryToLookThrough,
} from "../db/retention.ts";
import { forgetPins } from "../git/forget-pins.ts";
import type { Mirror } from "../git/mirror.ts";
import type { TaskLog } from "./context.ts";
import { removeExpired, removeUnfinished } from "./remove-artifacts.ts";

/** How long what nothing needs any more is kept. */
export interface Retention {
  /** Bodies of deliveries, after they came. Their keys and digests stay. */
  readonly deliveryBodiesMs: number;
  /** Commits in the mirrors, after the last run that names them began. */
  readonly commitsMs: number;
  /** Answers to runners' messages, and bytes of logs and artifacts that nobody can read, after their attempt has ended. */
  readonly messagesMs: number;
  /** Artifacts whose job does not say how long, after they were closed. */
  readonly artifactsMs: number;
}

export interface RemoveOldContext {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly mirror: Mirror;
  readonly retention: Retention;
  readonly log: TaskLog;
}

/** Rows in one statement, so that no lock is held for long. */
const ROWS_AT_ONCE = 500;
/** Attempts tidied up after in one go: each may have files. */
const ATTEMPTS_AT_ONCE = 100;
/** Each may have thousands of files. */
const ARTIFACTS_AT_ONCE = 50;
/** Of each kind in one pass; the rest is for the next. */
const BATCHES_MAX = 20;
const LOOK_THROUGH_MS = 24 * 60 * 60_000;

/**
 * Removes what nothing needs any more, in bounded portions. Repeating it, or doing it twice at once, is
 * harmless. Nothing that a live run, a rerun of a young one or a later plan asks for is touched.
 */
export async function removeOld(context: RemoveOldContext): Promise<void> {
  const { database, mirror, retention, log } = context;
  await inBatches(ROWS_AT_ONCE, (limit) => forgetDeliveryBodies(database, retention.deliveryBodiesMs, limit));
  await inBatches(ATTEMPTS_AT_ONCE, (limit) => tidyUp(context, limit));
  await inBatches(ARTIFACTS_AT_ONCE, (limit) => removeExpired(context, limit));
  for (let turn = 0; turn < BATCHES_MAX; turn++) {
    const repository = await takeRepositoryToLookThrough(database, LOOK_THROUGH_MS);
    if (repository === null) {
      return;
    }
    const needed = () => readNeededCommits(database, repository, retention.commitsMs);
    const commits = await forgetPins(mirror.pathOf(repository), needed);
    if (commits > 0) {
      log.info({ repository, commits }, "commits that no run needs are kept no longer");
    }
  }
}

async function inBatches(size: number, batch: (limit: number) => Promise<number>): Promise<void> {
  for (let turn = 0; turn < BATCHES_MAX && (await batch(size)) === size; turn++);
}

/** Removes what only a live attempt needs. A crash on the way leaves the attempts to the next pass. */
async function tidyUp({ database, blobs, retention }: RemoveOldContext, limit: number): Promise<number> {
  const attempts = await readUntidied(database, retention.messagesMs, limit);
  if (attempts.length === 0) {
    return 0;
  }
  const kept = await readLogBlobKeys(database, attempts);
  for (const attempt of attempts) {
    for (const key of await blobs.list(`logs/${attempt}`)) {
      if (!kept.has(key)) {
        await blobs.delete(key);
      }
    }
  }
  await removeUnfinished({ database, blobs }, attempts);
  await settleTidied(database, attempts);
  return attempts.length;
}
