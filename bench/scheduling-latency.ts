import { insertPlannedRun } from "../test/support/planned-run.ts";
import { startFakeNomad } from "../test/support/nomad/fake-nomad.ts";
import { mockProfile } from "../test/support/nomad/mock-profile.ts";
import { nomadConfig, poolOf } from "../test/support/nomad/requests.ts";
import { testJob, testPlan } from "../test/support/plans.ts";
import { setTimeout as delay } from "node:timers/promises";
import { atMost, type Figure, milliseconds, quantiles, stated } from "./figures.ts";
import { startBenchPlane } from "./plane-for-dispatch.ts";

const RUNS = 60;
/** Longer than anything that follows a dispatch still works, so that each run meets an idle control plane. */
const PAUSE_MS = 150;
const WAIT_MS_MAX = 30_000;

/**
 * From "the plan is stored", which makes its attempt ready, to the arrival of the POST at Nomad's socket:
 * advance, admission and dispatch, with a wake-up of the queue before each. One process, one clock.
 */
export async function schedulingLatency(): Promise<readonly Figure[]> {
  await using world = new AsyncDisposableStack();
  const fake = await startFakeNomad();
  world.defer(() => fake.close());
  const config = nomadConfig(fake.address, { pools: { default: poolOf(mockProfile({ run_for: "1h" })) } });
  const { database, repository } = world.use(await startBenchPlane(config));
  const taken: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const arrived = fake.nextCall("POST /v1/jobs");
    await insertPlannedRun(database, repository, testPlan([testJob("only")]));
    const ready = performance.now();
    const late = delay(WAIT_MS_MAX, null, { ref: false });
    const at = await Promise.race([arrived, late]);
    if (at === null) throw new Error(`no POST within ${WAIT_MS_MAX} ms`);
    taken.push(at - ready);
    await delay(PAUSE_MS);
  }
  const { p50, p95 } = quantiles(taken);
  return [
    atMost("attempt ready to POST on the wire, p50", p50, 50, "ms"),
    stated("attempt ready to POST on the wire, p95", milliseconds(p95)),
  ];
}
