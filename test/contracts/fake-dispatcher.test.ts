import { makeDispatchRequest } from "../support/dispatch-request.ts";
import { FakeBackend, FakeDispatcher } from "../support/fake-dispatcher.ts";
import { dispatcherContract } from "./dispatcher.ts";

dispatcherContract("the fake", async () => {
  const backend = new FakeBackend();
  return {
    dispatcher: new FakeDispatcher(backend),
    request: makeDispatchRequest,
    starts: async (attemptId) => backend.starts.filter((start) => start.attemptId === attemptId).length,
    running: async (attemptId) => {
      const state = backend.runners.get(attemptId)?.state ?? "exited";
      return state === "exited" ? 0 : 1;
    },
    endRunner: async (attemptId) => backend.finish(attemptId, 0),
    reopen: async () => new FakeDispatcher(backend),
    dispose: async () => {},
  };
});
