import { test, vi } from "vitest";
import { expectCaught } from "./expect-caught.ts";

vi.mock(import("../../../control-plane/scheduler/advance.ts"), async (original) => {
  const real = await original();
  // The fence that is missing: scheduling does not know that the run was asked to stop.
  return {
    ...real,
    advance: (run, now) =>
      real.advance(run.state === "cancel_requested" ? { ...run, state: "running" } : run, now),
  };
});

test("a system that goes on with a canceled run is caught", { timeout: 120_000 }, async () => {
  await expectCaught(/I12: |may not go from|I14: /, async () => {});
});
