import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { takeDueDispatches, type AttemptToDispatch } from "../db/dispatches.ts";
import { readPlan } from "../db/plans.ts";
import { recordDispatches, type DispatchAnswer } from "../lifecycle/dispatch.ts";
import { claimToken } from "../lifecycle/tokens.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import type { DispatchResult } from "../../schemas/dispatcher.ts";
import type { TaskContext } from "./context.ts";

/** Asks again only after the wait that the dispatcher's own failure deserves. */
const FAILED_RETRY_MS = 5_000;
/** Backends asked at once. A dispatcher that wants fewer lets the others wait in its own line. */
const LANES = 96;
/** Fewer free lanes are not worth a statement; those in use meanwhile keep every connection busy. */
const LANES_TO_FILL = 64;
/** Lanes in use from which on it is a crowd. */
const CROWD = 16;
/** Answers wait at most so long for those that are still to come, to be written down with them; a runner may claim before. */
const GATHER_MS = 100;
/** A little less than the sweeper's recheck, so that what it finds is due. */
const ASK_AGAIN_MS = 4_000;

/** The dispatching of one control plane. */
export interface Dispatching {
  /**
   * Asks the backend for a runner for every attempt that is due, and returns when none is. A second call
   * meanwhile makes the first look again and returns at once.
   */
  dispatchDue(): Promise<void>;
  /** True while so many are asked for that what is not urgent should leave the backend to them. */
  isCrowded(): boolean;
}

/**
 * The request of one attempt is always the same, and repeated until the backend answers. A slow answer
 * holds up its own lane alone, and answers that come together are written down together. Tells when it is
 * no longer crowded.
 */
export function createDispatching(context: TaskContext, onRoom: () => void = () => undefined): Dispatching {
  const keeper = createAnswerKeeper(context);
  const now = { lanesInUse: 0, isRunning: false, isCalled: false, wake: (): void => undefined };

  const inLane = async (attempt: AttemptToDispatch): Promise<void> => {
    const result = await ask(context, attempt);
    keeper.keep({ id: attempt.id, run: attempt.run, result });
    now.lanesInUse -= 1;
    if (now.lanesInUse === CROWD - 1) onRoom();
    if (now.lanesInUse === 0) keeper.hurry();
    now.wake();
  };
  const fillLanes = async (): Promise<boolean> => {
    const room = LANES - now.lanesInUse;
    const due = await takeDueDispatches(context.database, room, ASK_AGAIN_MS);
    now.lanesInUse += due.length;
    for (const attempt of due) {
      void inLane(attempt);
      // One request is made at a time: an answer that came meanwhile has freed a connection for one that is ready.
      await turn();
    }
    return due.length === room;
  };
  const askForAll = async (): Promise<void> => {
    let mayBeMore = false;
    while (now.isCalled || mayBeMore || now.lanesInUse > 0) {
      if ((now.isCalled || mayBeMore) && LANES - now.lanesInUse >= LANES_TO_FILL) {
        now.isCalled = false;
        mayBeMore = await fillLanes();
      } else {
        await new Promise<void>((resolve) => (now.wake = resolve));
      }
    }
    await keeper.done();
  };
  return {
    isCrowded: () => now.lanesInUse >= CROWD,
    async dispatchDue() {
      now.isCalled = true;
      now.wake();
      if (now.isRunning) {
        return;
      }
      now.isRunning = true;
      try {
        while (now.isCalled) {
          await askForAll();
        }
      } finally {
        now.isRunning = false;
      }
    },
  };
}

async function ask(context: TaskContext, attempt: AttemptToDispatch): Promise<DispatchResult> {
  const { database, dispatcher, log } = context;
  try {
    const job = plannedJob(await readPlan(database, attempt.planDigest), attempt.jobKey);
    return await dispatcher.dispatch({
      attemptId: attempt.id,
      runId: attempt.run,
      attemptNumber: attempt.number,
      job,
      trust: attempt.trust,
      claimToken: claimToken(context.serverKey, attempt.id),
      controlPlaneUrl: context.controlPlaneUrl,
    });
  } catch (error) {
    log.error({ attempt: attempt.id, err: error }, "the dispatcher failed");
    const detail = "the dispatcher failed; it is tried again";
    return { status: "unknown", detail, retryAfterMs: FAILED_RETRY_MS };
  }
}

interface AnswerKeeper {
  keep(answer: DispatchAnswer): void;
  /** No other answer is to come soon. */
  hurry(): void;
  /** Resolves when everything is written down. */
  done(): Promise<void>;
}

/** Writes answers that come together in one transaction: each has its fsync, and holds the locks of their runs. */
function createAnswerKeeper({ database, log }: TaskContext): AnswerKeeper {
  let waiting: DispatchAnswer[] = [];
  let writing: Promise<void> | null = null;
  /** Aborted while nothing is to come, also while answers are being written. */
  let gathering = new AbortController();
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      await delay(GATHER_MS, undefined, { signal: gathering.signal }).catch(() => undefined);
      const answers = waiting;
      waiting = [];
      await recordDispatches(database, answers).catch((error: unknown) => {
        // The same requests are made again, and get the same answers.
        log.error(
          { attempts: answers.length, err: error },
          "the backend's answers could not be written down",
        );
      });
    }
    writing = null;
  };
  return {
    keep(answer) {
      waiting.push(answer);
      if (gathering.signal.aborted) gathering = new AbortController();
      writing ??= write();
    },
    hurry: () => gathering.abort(),
    done: () => writing ?? Promise.resolve(),
  };
}
