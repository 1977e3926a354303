import { GitError } from "../git/index.ts";
import { planCommit } from "./plan-commit.ts";
import type { PlanningAnswer, PlanningOrder } from "./planning-messages.ts";

// A process of its own: a document that stalls or kills it cannot touch the control plane. It leads a group, which
// ends as a whole with the parent, whose end closes the channel: git may be in the middle of a long search. While this
// process spins, parent-watch.ts ends the group instead.
process.on("message", ({ id, request, rules }: PlanningOrder) => {
  planCommit(request, rules).then(
    (result) => answer({ id, ok: true, result }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const unreadable = error instanceof GitError && ["too_large", "corrupt"].includes(error.code);
      // People are told of it, and where mirrors lie is the server's own affair.
      answer({
        id,
        ok: false,
        message: message.replaceAll(request.repositoryPath, "the repository"),
        unreadable,
      });
    },
  );
});
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));

function answer(message: PlanningAnswer): void {
  process.send?.(message);
}
