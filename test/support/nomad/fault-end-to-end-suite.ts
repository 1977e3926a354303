import { afterAll, beforeAll, describe, test } from "vitest";
import { CALLS, CATALOGUE, type Moment } from "./fault-catalogue.ts";
import type { Fault } from "./fault-proxy.ts";
import { type FaultCluster, FaultWorld } from "./fault-world.ts";

/** Many times what one takes; most is for a machine that has much else to do. */
const TEST_MS = 240_000;
/** Looks that fail one after the other: fewer than open the circuit breaker. */
const LOOKS = 4;

/** Whatever happens between control plane and Nomad, a run ends as it should, and nothing is left of it. */
export function describeFaultsEndToEnd(cluster: () => FaultCluster): void {
  describe("a run through a proxy that makes faults", () => {
    let world: FaultWorld;
    beforeAll(async () => {
      world = await FaultWorld.start(cluster());
    }, TEST_MS);
    afterAll(() => world?.[Symbol.asyncDispose]());

    /** Operators are given half a minute to turn their switch; these wait together. */
    const isSlow = (fault: Fault): boolean => fault.kind === "answer" && fault.status === 403;
    const met = (moment: Moment, slow = false): readonly (readonly [string, Fault])[] =>
      CATALOGUE.flatMap(({ what, met: faults }) =>
        faults
          .filter(([at, fault]) => at === moment && (moment !== "dispatch" || isSlow(fault) === slow))
          .map(([, fault]) => [what, fault] as const),
      );

    test.each(met("dispatch"))(
      "succeeds once, although at its register: %s",
      { timeout: TEST_MS },
      async (_what, fault) => {
        world.proxy.inject(CALLS.dispatch, fault);
        const run = await world.begin();
        await world.untilMet();
        await world.untilPlaced(run);
        await world.carryOut(run);
        await world.expectEnd(run, ["succeeded", "ok"], 1);
      },
    );

    test("succeeds once after operators allow what they had refused", { timeout: TEST_MS }, async () => {
      const faults = met("dispatch", true);
      for (const [, fault] of faults) world.proxy.inject(CALLS.dispatch, fault);
      const run = await world.begin(faults.length);
      await world.untilPlaced(run);
      await world.untilMet();
      await world.carryOut(run);
      await world.expectEnd(run, ["succeeded", "ok"], 1);
    });

    test.each(met("look"))(
      "succeeds once, although looks are answered so: %s",
      { timeout: TEST_MS },
      async (_what, fault) => {
        const run = await world.begin();
        await world.untilPlaced(run);
        world.proxy.inject(CALLS.look, fault, LOOKS);
        await world.untilMet();
        await world.carryOut(run);
        await world.expectEnd(run, ["succeeded", "ok"], 1);
      },
    );

    test.each(met("stop"))(
      "is canceled, although at its stop: %s",
      { timeout: TEST_MS },
      async (_what, fault) => {
        const run = await world.begin();
        await world.untilPlaced(run);
        world.proxy.inject(CALLS.stop, fault);
        await world.cancel(run);
        await world.untilMet();
        await world.expectEnd(run, ["canceled", "canceled_run"], 0);
      },
    );

    test.each(met("stream"))(
      "succeeds once, although the event stream is one %s",
      { timeout: TEST_MS },
      async (_what, fault) => {
        world.proxy.inject(CALLS.stream, fault);
        world.proxy.breakStreams();
        const run = await world.begin();
        await world.untilPlaced(run);
        await world.untilMet();
        await world.carryOut(run);
        await world.expectEnd(run, ["succeeded", "ok"], 1);
      },
    );
  });
}
