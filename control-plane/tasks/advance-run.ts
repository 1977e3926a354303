import { inTransaction } from "../db/in-transaction.ts";
import { withChange } from "../lifecycle/change.ts";
import { settleRun } from "../lifecycle/settle.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

const AUTHOR = { actor: "control-plane", cause: "advance" };

/** Decides what must happen to a run now and carries it out, in one transaction. True when attempts of it wait for admission since. */
export async function advanceRun(
  { database }: Pick<TaskContext, "database">,
  runId: string,
): Promise<boolean> {
  return inTransaction(database, (tx) =>
    withChange(tx, AUTHOR, async (change) => {
      await settleRun(change, runId as RunId);
      return change.wakes.some(({ task }) => task === "admit-attempts");
    }),
  );
}
