import type { AttemptId, JobId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { AttemptState, JobState, TerminalAttemptState, TerminalRunState } from "../../schemas/states.ts";

/** Why everything in a run must end, and how its parts end then. */
export interface Stop {
  readonly state: "canceled" | "timed_out";
  readonly reason: Reason;
  /** Jobs that are not interruptible go on once they have started; they are not tried again. */
  readonly sparesStarted: boolean;
}

/** Why and how something ends. */
interface End<State> {
  readonly state: State;
  readonly reason: Reason;
  readonly detail: string | null;
}

/** One thing that must happen to a run; decided by `advance`, carried out by the lifecycle in the same transaction. */
export type RunDecision =
  | {
      readonly decide: "create_attempt";
      readonly job: JobId;
      readonly number: number;
      readonly notBefore: number;
    }
  | { readonly decide: "queue_attempt"; readonly attempt: AttemptId }
  /** A claimed attempt is told to stop; it ends by its runner's word or by its deadline. */
  | {
      readonly decide: "ask_to_stop";
      readonly attempt: AttemptId;
      readonly from: AttemptState;
      readonly reason: Reason;
    }
  | ({
      readonly decide: "end_attempt";
      readonly attempt: AttemptId;
      readonly from: AttemptState;
    } & End<TerminalAttemptState>)
  | ({ readonly decide: "end_job"; readonly job: JobId; readonly from: JobState } & End<
      Exclude<JobState, "waiting" | "active">
    >)
  | ({ readonly decide: "end_run" } & End<Exclude<TerminalRunState, "plan_failed">>);
