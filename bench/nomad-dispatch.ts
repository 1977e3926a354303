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
import { atLeast, type Figure, median, stated } from "./figures.ts";
import { type BenchPlane, startBenchPlane } from "./plane-for-dispatch.ts";

const ATTEMPTS = 2_000;
/** A repository that pushes to several branches at once. */
const RUNS = 4;
/** Of each run before the clock starts: connections are open then and statements prepared, as they are on any but the first day. */
const WARM_UP_JOBS = 25;
const LOOK_AGAIN_MS = 20;
/** Other work on the machine disturbs single turns, so that the median of several counts. */
const ROUNDS = 5;

/**
 * `bare`: the POST alone. `waiting`: every attempt waits for its dispatch when the first POST goes. `planned`: four runs
 * were just planned, so that their attempts are made and admitted meanwhile.
 */
type Way = "bare" | "waiting" | "planned";

/**
 * Attempts per second from the first POST to "Nomad has taken every attempt and we have written that
 * down" on a real agent, against a bare loop of the same POST over as many connections. Each turn has a Nomad of its
 * own, which remembers nothing but the same warm-up, and a bare one no control plane beside it.
 * No node of the agent is in the jobs' datacenter: Nomad takes and evaluates them, and no
 * task that starts meanwhile decides the figure.
 */
export async function nomadDispatch(): Promise<readonly Figure[]> {
  const taken: Record<Way, number[]> = { bare: [], waiting: [], planned: [] };
  // As compiled as a control plane is that has run for a while; not counted.
  await turn("planned");
  const ways = ["bare", "waiting", "planned"] as const;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) taken[way].push(await turn(way));
  }
  const rate = (way: Way): number => (ATTEMPTS * 1_000) / median(taken[way]);
  const bare = `${rate("bare").toFixed(0)} a second`;
  const against = (way: Way, what: string): Figure => {
    const figure = atLeast(`dispatch rate against the bare loop, ${what}`, rate(way) / rate("bare"), 0.7);
    return { ...figure, measured: `${figure.measured} (${rate(way).toFixed(0)} of ${bare})` };
  };
  return [
    stated(`bare POST /v1/jobs, ${configFor("").connections} connections`, bare),
    against("waiting", "of attempts that wait for it"),
    against("planned", "of runs just planned, their attempts' creation and admission included"),
  ];
}

function configFor(address: string): NomadConfig {
  const pool = { ...poolOf(mockProfile({ run_for: "1s" })), datacenters: ["elsewhere"] };
  return nomadConfig(address, { pools: { default: pool } });
}

/** Milliseconds. */
async function turn(way: Way): Promise<number> {
  const agent = await startNomadAgent();
  await using world = new AsyncDisposableStack();
  world.defer(() => agent.stop());
  const config = configFor(agent.address);
  if (way === "bare") return await bareLoop(config);
  const calls = new DispatchCalls();
  const plane = world.use(await startBenchPlane(config, (dispatcher) => calls.around(dispatcher)));
  await throughThePlane(plane, calls, WARM_UP_JOBS, "planned");
  // What is left of the warm-up would be counted otherwise: why they wait is looked up after their dispatch.
  while (!(await isExplained(plane))) await delay(LOOK_AGAIN_MS);
  return await throughThePlane(plane, calls, ATTEMPTS / RUNS, way);
}

/** Milliseconds for the same bodies as fast as Nomad takes them. */
async function bareLoop(config: NomadConfig): Promise<number> {
  const bodies = Array.from({ length: RUNS * WARM_UP_JOBS + ATTEMPTS }, () => {
    const body = buildJobBody({ ...config, installation: "bare" }, dispatchRequest("default"));
    if (!body.ok) throw new Error(body.refusal);
    return body.text;
  });
  const pool = new Pool(config.address, { connections: config.connections, pipelining: 1 });
  const post = async (body: string): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const answer = await pool.request({ method: "POST", path: "/v1/jobs", body, headers });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`Nomad answered ${answer.statusCode}: ${text}`);
  };
  await inParallel(bodies.splice(0, RUNS * WARM_UP_JOBS), config.connections, post);
  const started = performance.now();
  await inParallel(bodies, config.connections, post);
  const taken = performance.now() - started;
  await pool.close();
  return taken;
}

/** Notes when a dispatcher is asked for the first time, from its release on, and how often it accepts. */
class DispatchCalls {
  firstAt = 0;
  accepted = 0;
  #released: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Counts from nothing; nobody is asked before the release. */
  hold(): void {
    this.firstAt = 0;
    this.accepted = 0;
    this.#released = Promise.withResolvers();
  }

  release(): void {
    this.#released.resolve();
  }

  around(dispatcher: Dispatcher): Dispatcher {
    const dispatch = dispatcher.dispatch.bind(dispatcher);
    dispatcher.dispatch = async (request) => {
      await this.#released.promise;
      this.firstAt ||= performance.now();
      const result = await dispatch(request);
      if (result.status === "accepted") this.accepted += 1;
      return result;
    };
    return dispatcher;
  }
}

async function isExplained({ database }: BenchPlane): Promise<boolean> {
  const [row] = await database<{ left: number }[]>`
    select count(*)::int as left from delta.attempts where observed is null`;
  return row?.left === 0;
}

/** Milliseconds from the first POST until every attempt is taken. */
async function throughThePlane(
  { database, repository }: BenchPlane,
  calls: DispatchCalls,
  jobsOfRun: number,
  way: Exclude<Way, "bare">,
): Promise<number> {
  const { resources } = dispatchRequest("default").job;
  const jobs = Array.from({ length: jobsOfRun }, (_, index) => testJob(`job-${index}`, { resources }));
  calls.hold();
  if (way === "planned") calls.release();
  const runs = await Promise.all(
    Array.from({ length: RUNS }, () => insertPlannedRun(database, repository, testPlan(jobs))),
  );
  const wanted = RUNS * jobsOfRun;
  const isTrueOfAll = async (state: "admitted" | "taken"): Promise<boolean> => {
    const [row] = await database<{ admitted: number; taken: number }[]>`
      select count(*) filter (where state = 'dispatched')::int as admitted, count(backend_ref)::int as taken
      from delta.attempts where run_id = any(${runs}::uuid[])`;
    return row?.[state] === wanted;
  };
  if (way === "waiting") {
    while (!(await isTrueOfAll("admitted"))) await delay(LOOK_AGAIN_MS);
    calls.release();
  }
  // Asked of the database at the end alone: it has enough to do.
  while (calls.accepted < wanted || !(await isTrueOfAll("taken"))) await delay(LOOK_AGAIN_MS);
  return performance.now() - calls.firstAt;
}
