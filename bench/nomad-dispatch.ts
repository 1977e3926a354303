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

const ATTEMPTS = 400;
/** A repository that pushes to several branches at once. */
const RUNS = 4;
const LOOK_AGAIN_MS = 20;

/**
 * Attempts per second from the first POST to "Nomad has taken every attempt and we have written that
 * down", admission included, on a real agent, against a bare loop of the same POST over as many
 * connections. No node of the agent is in the jobs' datacenter: Nomad takes and evaluates them, and no
 * task that starts meanwhile decides the figure.
 */
export async function nomadDispatch(): Promise<readonly Figure[]> {
  const agent = await startNomadAgent();
  await using world = new AsyncDisposableStack();
  world.defer(() => agent.stop());
  const pool = { ...poolOf(mockProfile({ run_for: "1s" })), datacenters: ["elsewhere"] };
  const config = nomadConfig(agent.address, { pools: { default: pool } });
  const firstPost = { at: 0 };
  const plane = world.use(await startBenchPlane(config, (dispatcher) => noting(dispatcher, firstPost)));
  const taken = { bare: [] as number[], ours: [] as number[] };
  // In the order A B B A, twice: a Nomad that gets slower with what it remembers favours neither.
  for (const way of ["bare", "ours", "ours", "bare", "bare", "ours", "ours", "bare"] as const) {
    taken[way].push(way === "bare" ? await bareLoop(config) : await throughThePlane(plane, firstPost));
  }
  const rateOf = (way: readonly number[]): number =>
    (ATTEMPTS * way.length * 1_000) / way.reduce((sum, ms) => sum + ms, 0);
  const [bare, ours] = [rateOf(taken.bare), rateOf(taken.ours)];
  return [
    stated(`bare POST /v1/jobs, ${config.connections} connections`, `${bare.toFixed(0)} a second`),
    stated("through the control plane", `${ours.toFixed(0)} a second`),
    atLeast("dispatch rate against the bare loop", ours / bare, 0.7),
  ];
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

/** Notes when it is asked for the first time since it was set back to 0. */
function noting(dispatcher: Dispatcher, first: { at: number }): Dispatcher {
  const dispatch = dispatcher.dispatch.bind(dispatcher);
  dispatcher.dispatch = async (request) => {
    first.at ||= performance.now();
    return dispatch(request);
  };
  return dispatcher;
}

async function throughThePlane(
  { database, repository }: BenchPlane,
  firstPost: { at: number },
): Promise<number> {
  const { resources } = dispatchRequest("default").job;
  const jobs = Array.from({ length: ATTEMPTS / RUNS }, (_, index) => testJob(`job-${index}`, { resources }));
  firstPost.at = 0;
  const runs = await Promise.all(
    Array.from({ length: RUNS }, () => insertPlannedRun(database, repository, testPlan(jobs))),
  );
  for (;;) {
    const [row] = await database<{ dispatched: number }[]>`
      select count(*)::int as dispatched from delta.attempts where run_id = any(${runs}) and backend_ref is not null`;
    if (row?.dispatched === ATTEMPTS) return performance.now() - firstPost.at;
    await delay(LOOK_AGAIN_MS);
  }
}
