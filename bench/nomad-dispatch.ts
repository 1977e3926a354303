import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { inParallel } from "../nomad/in-parallel.ts";
import { buildJobBody } from "../nomad/job-body.ts";
import type { NomadConfig } from "../nomad/config.ts";
import type { Dispatcher } from "../schemas/dispatcher.ts";
import { startNomadAgent } from "../test/support/nomad/agent.ts";
import { mockProfile } from "../test/support/nomad/mock-profile.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../test/support/nomad/requests.ts";
import { insertPlannedRun } from "../test/support/planned-run.ts";
import { testJob, testPlan } from "../test/support/plans.ts";
import { atLeast, type Figure, stated } from "./figures.ts";
import { type BenchPlane, startBenchPlane } from "./plane-for-dispatch.ts";

const ATTEMPTS = 2_000;
/** A repository that pushes to several branches at once. */
const RUNS = 4;
const LOOK_AGAIN_MS = 20;

/**
 * Attempts per second from the first POST to "Nomad has taken every attempt and we have written that
 * down", admission included, on a real agent, against a bare loop of the same POST over as many
 * connections. Each turn has a Nomad of its own, which remembers nothing, and a bare one no control plane beside it.
 * No node of the agent is in the jobs' datacenter: Nomad takes and evaluates them, and no
 * task that starts meanwhile decides the figure.
 */
export async function nomadDispatch(): Promise<readonly Figure[]> {
  const taken = { bare: [] as number[], ours: [] as number[] };
  // As compiled as a control plane is that has run for a while; not counted.
  await turn("ours");
  for (const way of ["bare", "ours", "ours", "bare"] as const) taken[way].push(await turn(way));
  const rateOf = (way: readonly number[]): number =>
    (ATTEMPTS * way.length * 1_000) / way.reduce((sum, ms) => sum + ms, 0);
  const [bare, ours] = [rateOf(taken.bare), rateOf(taken.ours)];
  const { connections } = configFor("");
  return [
    stated(`bare POST /v1/jobs, ${connections} connections`, `${bare.toFixed(0)} a second`),
    stated("through the control plane", `${ours.toFixed(0)} a second`),
    atLeast("dispatch rate against the bare loop", ours / bare, 0.7),
  ];
}

function configFor(address: string): NomadConfig {
  const pool = { ...poolOf(mockProfile({ run_for: "1s" })), datacenters: ["elsewhere"] };
  return nomadConfig(address, { pools: { default: pool } });
}

/** Milliseconds. */
async function turn(way: "bare" | "ours"): Promise<number> {
  const agent = await startNomadAgent();
  await using world = new AsyncDisposableStack();
  world.defer(() => agent.stop());
  const config = configFor(agent.address);
  if (way === "bare") return await bareLoop(config);
  const calls = new DispatchCalls();
  const plane = world.use(await startBenchPlane(config, (dispatcher) => calls.around(dispatcher)));
  return await throughThePlane(plane, calls);
}

/** Milliseconds for the same bodies as fast as Nomad takes them. */
async function bareLoop(config: NomadConfig): Promise<number> {
  const bodies = Array.from({ length: ATTEMPTS }, () => {
    const body = buildJobBody({ ...config, installation: "bare" }, dispatchRequest("default"));
    if (!body.ok) throw new Error(body.refusal);
    return body.text;
  });
  const pool = new Pool(config.address, { connections: config.connections, pipelining: 1 });
  const started = performance.now();
  await inParallel(bodies, config.connections, async (body) => {
    const headers = { "content-type": "application/json" };
    const answer = await pool.request({ method: "POST", path: "/v1/jobs", body, headers });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`Nomad answered ${answer.statusCode}: ${text}`);
  });
  const taken = performance.now() - started;
  await pool.close();
  return taken;
}

/** Notes when a dispatcher is asked for the first time, and how often it accepts. */
class DispatchCalls {
  firstAt = 0;
  accepted = 0;

  around(dispatcher: Dispatcher): Dispatcher {
    const dispatch = dispatcher.dispatch.bind(dispatcher);
    dispatcher.dispatch = async (request) => {
      this.firstAt ||= performance.now();
      const result = await dispatch(request);
      if (result.status === "accepted") this.accepted += 1;
      return result;
    };
    return dispatcher;
  }
}

async function throughThePlane({ database, repository }: BenchPlane, calls: DispatchCalls): Promise<number> {
  const { resources } = dispatchRequest("default").job;
  const jobs = Array.from({ length: ATTEMPTS / RUNS }, (_, index) => testJob(`job-${index}`, { resources }));
  await Promise.all(
    Array.from({ length: RUNS }, () => insertPlannedRun(database, repository, testPlan(jobs))),
  );
  for (;;) {
    // Asked of the database at the end alone: it has enough to do.
    if (calls.accepted >= ATTEMPTS) {
      const [row] = await database<{ dispatched: number }[]>`
        select count(*)::int as dispatched from delta.attempts where backend_ref is not null`;
      if (row?.dispatched === ATTEMPTS) return performance.now() - calls.firstAt;
    }
    await delay(LOOK_AGAIN_MS);
  }
}
