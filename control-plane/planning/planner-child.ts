import { GitError } from "../git/index.ts";
import { planCommit } from "./plan-commit.ts";
import type { PlanningAnswer, PlanningOrder } from "./planning-messages.ts";

// A process of its own: a document that stalls or kills it cannot touch the control plane. It ends with
// its parent, whose end closes the channel, and takes the git processes of its group along; while it spins, parent-watch.ts ends it instead.
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
