import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../../control-plane/db/embedded/embedded-postgres.ts";
import { readConfig, startControlPlane } from "../../control-plane/main.ts";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { attemptOfJobName, jobNamePrefix } from "../../nomad/job-name.ts";
import { startNomadAgent } from "../support/nomad/agent.ts";
import { FakeRunners } from "../support/nomad/fake-runners.ts";
import { withDeadline } from "../support/deadline.ts";
import { mockProfile } from "../support/nomad/mock-profile.ts";
import { nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { insertPlannedRun, insertRepository } from "../support/planned-run.ts";
import { testJob, testPlan } from "../support/plans.ts";
import { missingPart } from "./parts.ts";

const ATTEMPTS = 2_000;
const RUNS = 10;
/** At once on the one client: a few seconds of what it starts, so that it is never idle. */
const POOL_CAP = 100;
const WHOLE_MS = 900_000;
/** Nomad's list of what runs is long; reading it all the time would be most of the work. */
const LOOK_AGAIN_MS = 500;

interface Listed {
  readonly ID: string;
}

/** The names of everything that Nomad lists below a prefix. */
async function namesOf(address: string, prefix: string): Promise<readonly string[]> {
  const answer = await fetch(`${address}/v1/jobs?prefix=${prefix}`);
  return ((await answer.json()) as Listed[]).map(({ ID }) => ID);
}

describe.runIf(missingPart("agent") === null)("two thousand attempts through one agent", () => {
  test("none is lost and none runs twice", { timeout: WHOLE_MS + 60_000 }, async () => {
    await using world = new AsyncDisposableStack();
    onTestFinished(() => world.disposeAsync());
    const agent = await startNomadAgent({ memoryMegabytes: 1_000_000, allocationsKept: 2 * POOL_CAP });
    world.defer(() => agent.stop());
    const folder = await mkdtemp(join(tmpdir(), "delta-scale-"));
    world.defer(() => rm(folder, { recursive: true, force: true }));
    const server = await startEmbeddedPostgres({ stateFolder: folder });
    world.defer(() => server.stop());
    const runners = new FakeRunners();
    world.defer(() => runners.close());
    // Time enough for a runner to claim on a machine that has much else to do.
    const pool = poolOf(mockProfile({ run_for: "15s" }));
    const nomad = nomadConfig(agent.address, { pools: { default: pool } });
    const settings = { DELTA_STATE_DIR: folder, DELTA_PORT: "0", DELTA_POOLS: `default=${POOL_CAP}` };
    const plane = await startControlPlane(readConfig(settings, { database: server.settings }), {
      dispatcher: (onHint) => runners.around(new NomadDispatcher({ ...nomad, onHint })),
    });
    world.defer(() => plane.stop());
    runners.connect(plane.url);
    const database = connect(server.settings, { connections: 2 });
    world.defer(() => database.end({ timeout: 5 }));

    const repository = await insertRepository(database);
    const resources = { cpu_millis: 10, memory_bytes: 2 ** 24, disk_bytes: null, pids: null };
    const jobs = Array.from({ length: ATTEMPTS / RUNS }, (_, index) =>
      testJob(`job-${index}`, { resources, queue_timeout_ms: WHOLE_MS }),
    );
    for (let run = 0; run < RUNS; run += 1) await insertPlannedRun(database, repository, testPlan(jobs));

    const failures: unknown[] = [];
    const seen = new Set<string>();
    const startThose = async (): Promise<void> => {
      const answer = await fetch(
        `${agent.address}/v1/allocations?filter=${encodeURIComponent('ClientStatus == "running"')}`,
      );
      for (const { ID, JobID } of (await answer.json()) as { ID: string; JobID: string }[]) {
        const attempt = attemptOfJobName(nomad.installation, JobID);
        if (attempt === null || seen.has(ID)) continue;
        seen.add(ID);
        runners.run(attempt).catch((error: unknown) => failures.push(error));
      }
    };
    const states = async () => database<{ state: string; count: number }[]>`
      select state, count(*)::int as count from delta.attempts group by state order by state`;
    await withDeadline(
      "every run to end",
      WHOLE_MS,
      async () => {
        await delay(LOOK_AGAIN_MS);
        await startThose();
        const [left] = await database<{ count: number }[]>`
          select count(*)::int as count from delta.runs where finalized_at is null`;
        return left?.count === 0 || failures.length > 0;
      },
      async () => JSON.stringify(await states()),
    );
    expect(failures).toEqual([]);

    // On our side: every attempt succeeded at its first try, under one lease.
    expect(await states()).toEqual([{ state: "succeeded", count: ATTEMPTS }]);
    const [leases] = await database`
      select count(*)::int as leases, count(distinct attempt_id)::int as attempts from delta.leases
      where state = 'completed'`;
    expect(leases).toEqual({ leases: ATTEMPTS, attempts: ATTEMPTS });
    expect(await database`select 1 from delta.leases where state <> 'completed'`).toHaveLength(0);
    // On Nomad's: one job for each, each with one allocation.
    const ids = (await database<{ id: string }[]>`select id from delta.attempts order by id`).map(
      ({ id }) => id,
    );
    const prefix = jobNamePrefix(nomad.installation);
    expect(await namesOf(agent.address, prefix)).toEqual(ids.map((id) => prefix + id));
    expect(seen.size).toBe(ATTEMPTS);
    expect([...runners.epochs.values()].every((epochs) => epochs.length === 1)).toBe(true);
  });
});
