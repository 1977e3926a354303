import { makeDispatchRequest } from "../support/dispatch-request.ts";
import { LocalProcessWorld } from "../support/local-process-world.ts";
import { dispatcherContract } from "./dispatcher.ts";

dispatcherContract("local-process", async () => {
  const world = new LocalProcessWorld();
  return {
    dispatcher: await world.open(),
    // Nothing answers its claim, so the runner waits for its control plane until it is stopped.
    request: makeDispatchRequest,
    starts: async (attemptId) => world.pids(attemptId).length,
    running: async (attemptId) => world.running(attemptId),
    endRunner: async (attemptId) => {
      for (const pid of world.pids(attemptId)) process.kill(pid, "SIGKILL");
    },
    reopen: () => world.open(),
    dispose: () => world.dispose(),
  };
});
