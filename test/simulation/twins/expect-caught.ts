import { expect } from "vitest";
import { createWorld, type World } from "../../support/control-plane-world.ts";
import { playHistory } from "../play-history.ts";

/** Histories enough for any of the fences to matter; a twin is caught within the first few. */
const SEEDS = 40;
const STEPS = 50;

/** Plays histories on a system with one fence missing, and expects that one of them shows it. */
export async function expectCaught(
  promise: RegExp,
  breakIt: (world: World) => Promise<unknown>,
): Promise<void> {
  const world = await createWorld();
  const quiet = { ...world, context: { ...world.context, log: { info() {}, warn() {}, error() {} } } };
  await breakIt(quiet);
  let caught = "";
  for (let seed = 1; seed <= SEEDS && !promise.test(caught); seed++) {
    await playHistory(quiet, seed, STEPS).catch((error: unknown) => {
      caught = String(error);
    });
  }
  expect(caught).toMatch(promise);
}
