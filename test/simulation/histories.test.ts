import { expect, test } from "vitest";
import { createWorld } from "../support/control-plane-world.ts";
import { playHistory } from "./play-history.ts";
import { seeds } from "./random.ts";

const STEPS = 50;

test("no history of runners, backends, sweepers and people breaks a promise", {
  timeout: 300_000,
}, async () => {
  const world = await createWorld();
  const outcomes = new Set<string>();
  for (const seed of seeds(25)) {
    try {
      outcomes.add(await playHistory(world, seed, STEPS));
    } catch (error) {
      throw new Error(`seed ${seed} (DELTA_SIMULATION_SEED=${seed}): ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  expect(outcomes.size).toBeGreaterThan(0);
});
