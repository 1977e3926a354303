import { test, vi } from "vitest";
import { expectCaught } from "./expect-caught.ts";

vi.mock(import("../../../control-plane/db/state-change.ts"), async (original) => ({
  ...(await original()),
  // The fence that is missing: nobody waits for who is changing the same run.
  lockRun: async (tx, runId) => {
    const [row] = await tx<{ state: "running" }[]>`select state from delta.runs where id = ${runId}`;
    return row ?? null;
  },
}));

test("a system that does not lock the run is caught", { timeout: 120_000 }, async () => {
  await expectCaught(/audit_events_entity|leases_one_live|I\d+: /, async () => {});
});
