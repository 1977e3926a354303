import { acknowledgeCancel, completeAttempt } from "../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease } from "../../control-plane/lifecycle/heartbeat.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import type { World } from "./control-plane-world.ts";

/** A runner that has claimed an attempt and does as a test says. */
export interface PlayedRunner {
  readonly lease: string;
  succeed(): Promise<void>;
  /** Its first step ends with 1. */
  fail(): Promise<void>;
  /** It stopped as it was told to. */
  confirmStop(): Promise<void>;
}

/** Claims a dispatched attempt and begins with it. */
export async function playRunner(world: World, attempt: AttemptId): Promise<PlayedRunner> {
  const { id, token, epoch } = await world.claimed(attempt);
  const { database } = world;
  const sender = { leaseId: id, token };
  await acknowledgeLease(database, sender, { epoch, seq: 1 });
  const answered = (answer: { readonly status: string }): void => {
    if (answer.status !== "ok") throw new Error(`the runner was answered ${answer.status}`);
  };
  const end = { epoch, seq: 1, summary: "", steps: [] };
  return {
    lease: id,
    succeed: async () =>
      answered(
        await completeAttempt(database, sender, { ...end, outcome: "succeeded", reason: "ok", exit_code: 0 }),
      ),
    fail: async () =>
      answered(
        await completeAttempt(database, sender, {
          ...end,
          outcome: "failed",
          reason: "step_failed",
          exit_code: 1,
        }),
      ),
    confirmStop: async () =>
      answered(
        await acknowledgeCancel(database, sender, {
          epoch,
          seq: 1,
          confirmed: "process_group_gone",
          killed: false,
          steps: [],
        }),
      ),
  };
}
