import { afterAll, beforeAll, describe, test } from "vitest";
import { CALLS, CATALOGUE, type Moment } from "./fault-catalogue.ts";
import type { Fault } from "./fault-proxy.ts";
import { type FaultCluster, FaultWorld } from "./fault-world.ts";

/** Many times what one takes: a machine may have much else to do. */
const TEST_MS = 400_000;
/** Looks that fail one after the other: fewer than open the circuit breaker, which a good one closes. */
const LOOKS = 3;

const met = (moment: Moment): readonly (readonly [string, Fault])[] =>
  CATALOGUE.flatMap(({ what, met: faults }) =>
    faults.filter(([at]) => at === moment).map(([, fault]) => [what, fault] as const),
  );

/**
 * Whatever of the catalogue happens between control plane and Nomad, a run ends as it should: each job by one
 * attempt with one runner and one claim, with the right reason, and nothing of it is left.
 */
export function describeFaultsEndToEnd(cluster: () => FaultCluster): void {
  describe("a run through a proxy that makes faults", { timeout: TEST_MS }, () => {
    let world: FaultWorld;
    beforeAll(async () => {
      world = await FaultWorld.start(cluster());
    }, TEST_MS);
    afterAll(() => world?.[Symbol.asyncDispose]());

    test("succeeds, whatever the registers of its jobs meet, each another fault", async () => {
      const faults = met("dispatch");
      for (const [, fault] of faults) world.proxy.inject(CALLS.dispatch, fault);
      const run = await world.begin(faults.length);
      await world.untilMet("each fault of a register");
      await world.untilPlaced(run);
      await world.carryOut(run);
      await world.expectEnd(run, ["succeeded", "ok"], 1);
    });

    test("succeeds, whatever those meet who look after it while it waits, one fault after the other", async () => {
      const run = await world.begin();
      await world.untilPlaced(run);
      for (const [what, fault] of met("look")) {
        world.proxy.inject(CALLS.look, fault, LOOKS);
        await world.untilMet(what);
        await world.untilLookedAgain();
      }
      await world.carryOut(run);
      await world.expectEnd(run, ["succeeded", "ok"], 1);
    });

    test("succeeds, whatever becomes of the event stream, one fault after the other", async () => {
      const run = await world.begin();
      await world.untilPlaced(run);
      for (const [what, fault] of met("stream")) {
        world.proxy.inject(CALLS.stream, fault);
        world.proxy.breakStreams();
        await world.untilMet(what);
      }
      await world.carryOut(run);
      await world.expectEnd(run, ["succeeded", "ok"], 1);
    });

    test("is canceled, whatever the stops of its jobs meet, each another fault", async () => {
      const faults = met("stop");
      const run = await world.begin(faults.length);
      await world.untilPlaced(run);
      for (const [, fault] of faults) world.proxy.inject(CALLS.stop, fault);
      await world.cancel(run);
      await world.untilMet("each fault of a stop");
      await world.expectEnd(run, ["canceled", "canceled_run"], 0);
    });
  });
}
