import { describe, expect, test, vi } from "vitest";
import { createWorld } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";
import { expectCaught } from "./expect-caught.ts";

vi.mock(import("../../../control-plane/db/leases.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    // The fence that is missing: a claim does not see that somebody holds the attempt.
    readClaimable: async (tx, attemptId) => {
      const attempt = await real.readClaimable(tx, attemptId);
      return attempt?.state === "leased" ? { ...attempt, state: "dispatched" } : attempt;
    },
  };
});

describe("a system that grants an attempt twice", () => {
  test("is stopped by the database", async () => {
    const world = await createWorld();
    const run = await world.planned(testPlan([testJob("a")]));
    await world.dispatchAll(run);
    const { id } = await world.attemptOf(run, "a");
    await world.claimed(id);
    await expect(world.claim(id, "m".repeat(22))).rejects.toThrow("leases_one_live");
  });

  test("is caught where the database does not stop it", { timeout: 120_000 }, async () => {
    await expectCaught(
      /I2: attempt \S+ has 2 live leases/,
      ({ database }) => database`drop index delta.leases_one_live`,
    );
  });
});
