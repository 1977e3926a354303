import { describe, expect, onTestFinished, test } from "vitest";
import { newId, systemClock } from "../../../control-plane/clock.ts";
import { upsertRepository } from "../../../control-plane/db/deliveries.ts";
import { GitHubForge } from "../../../control-plane/forge/github/github-forge.ts";
import {
  beginPlanning,
  createRun,
  requestCancel,
  storePlan,
} from "../../../control-plane/lifecycle/index.ts";
import { reportCheck } from "../../../control-plane/tasks/report-check.ts";
import type { RepositoryId, RunId } from "../../../schemas/ids.ts";
import { createTestDatabase } from "../../support/database.ts";
import { secondaryRateLimit } from "../../support/github/faults.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { compiled, HEAD, leftOut, testEvent, testJob, testPlan } from "../../support/plans.ts";

const CREATE = "POST /repos/{owner}/{repo}/check-runs";
const UPDATE = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";
const LIST = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";
const AUTHOR = { actor: "test", cause: "test" };

async function world(jobs: readonly string[] = ["build"]) {
  const { database } = await createTestDatabase();
  const gitHub = await GitHubStandIn.start();
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  const served = gitHub.addRepository("ada/engine", "/nowhere");
  const { appId, privateKey } = gitHub.app;
  const github = new GitHubForge(
    { apiUrl: gitHub.url, appId, privateKey, webhookSecret: gitHub.webhookSecret },
    systemClock,
    { warn: () => {} },
  );
  const logged: string[] = [];
  const keep = (_fields: unknown, message: string) => void logged.push(message);
  const log = { info: keep, warn: keep, error: keep };
  const context = { database, github, publicUrl: "http://ci.example", log };
  const repository = {
    forgeId: String(served.id),
    fullName: served.fullName,
    cloneUrl: `${gitHub.url}/ada/engine.git`,
    defaultBranch: "main",
    installationId: String(served.installationId),
  };
  const run = await database.begin(async (tx) => {
    const { id } = await createRun(tx, AUTHOR, {
      repositoryId: await upsertRepository(tx, "github", repository, newId<RepositoryId>()),
      deliveryId: null,
      event: testEvent(),
      headSha: HEAD,
      baseSha: null,
      request: null,
      rerunOf: null,
    });
    await beginPlanning(tx, AUTHOR, id);
    const plan = testPlan(
      jobs.map((key) => testJob(key)),
      { leftOut: [leftOut("docs")] },
    );
    await storePlan(tx, AUTHOR, id, compiled(plan));
    return id;
  });
  /** Reports once more, as if the pause between two reports were over. */
  const report = async () => {
    await database`update delta.checks set busy_until = null`;
    await reportCheck(context, run);
  };
  const shown = () =>
    Object.fromEntries(gitHub.checks.map(({ name, status, conclusion }) => [name, conclusion ?? status]));
  const due = async () => {
    const [row] = await database<{ due: number | null }[]>`
      select extract(epoch from report_at - clock_timestamp())::float8 as due from delta.runs where id = ${run}`;
    return row?.due ?? null;
  };
  return { database, gitHub, served, context, run, report, shown, due, logged };
}

const cancel = (database: Parameters<typeof requestCancel>[0], run: RunId) =>
  requestCancel(database, AUTHOR, run, "canceled_by_user");

describe("a run on GitHub", () => {
  test("is shown as one check for itself and one per job, a skipped one concluded at once", async () => {
    const { gitHub, report, shown, due } = await world(["build", "test"]);
    await report();
    expect(shown()).toEqual({
      delta: "queued",
      "delta / build": "queued",
      "delta / test": "queued",
      "delta / docs": "skipped",
    });
    expect(gitHub.violations).toEqual([]);
    expect(await due()).toBeNull();
  });

  test("is told nothing that it shows already", async () => {
    const { gitHub, report } = await world();
    await report();
    const requests = gitHub.requests.length;
    await report();
    expect(gitHub.requests).toHaveLength(requests);
  });

  test("is updated in place when it changes, and ends as the run ends", async () => {
    const { database, gitHub, run, report, shown } = await world();
    await report();
    const ids = gitHub.checks.map(({ id }) => id);
    await cancel(database, run);
    await report();
    expect(gitHub.checks.map(({ id }) => id)).toEqual(ids);
    expect(shown()).toEqual({
      delta: "cancelled",
      "delta / build": "cancelled",
      "delta / docs": "skipped",
    });
    expect(gitHub.checks[0]?.details_url).toBe(`http://ci.example/runs/${run}`);
  });

  test("gets one check per name although the answer to every creation is lost", async () => {
    const { gitHub, report, shown, due } = await world();
    gitHub.fault(CREATE, { kind: "drop", when: "after" }, 3);
    await report();
    expect(await due()).toBeGreaterThan(0);
    for (let time = 0; time < 3; time++) await report();
    const names = gitHub.checks.map(({ name }) => name).toSorted();
    expect(names).toEqual(["delta", "delta / build", "delta / docs"]);
    expect(Object.keys(shown())).toHaveLength(3);
    expect(await due()).toBeNull();
  });

  test("gets one check per name although two control planes report at once", async () => {
    const { gitHub, context, run } = await world();
    await Promise.all([reportCheck(context, run), reportCheck(context, run), reportCheck(context, run)]);
    expect(gitHub.checks.map(({ name }) => name).toSorted()).toEqual([
      "delta",
      "delta / build",
      "delta / docs",
    ]);
  });

  test.each([500, 502, 503, 409] as const)("is told later when GitHub answers %i", async (status) => {
    const { gitHub, report, due, shown } = await world();
    gitHub.fault(LIST, { kind: "answer", status }, 3);
    await report();
    expect(await due()).toBeGreaterThan(1);
    await report();
    expect(Object.keys(shown())).toHaveLength(3);
    expect(await due()).toBeNull();
  });

  test("waits as long as a rate limit says", async () => {
    const { gitHub, report, due } = await world();
    gitHub.fault(CREATE, secondaryRateLimit(120), 3);
    await report();
    expect(await due()).toBeGreaterThan(110);
  });

  test("goes on with the other checks when one is refused for good, and says so in the log", async () => {
    const { database, gitHub, run, report, shown, due, logged } = await world();
    await report();
    gitHub.fault(UPDATE, { kind: "answer", status: 422, message: "no" });
    await cancel(database, run);
    await report();
    expect(Object.values(shown()).filter((state) => state === "cancelled")).toHaveLength(1);
    expect(await due()).toBeNull();
    expect(logged.filter((line) => line.includes("given up"))).toHaveLength(1);
    const requests = gitHub.requests.length;
    await report();
    expect(gitHub.requests).toHaveLength(requests);
  });

  test("is given up when the App was uninstalled", async () => {
    const { gitHub, served, report, due, database } = await world();
    gitHub.uninstall(served);
    await report();
    expect(await due()).toBeNull();
    expect(await database`select 1 from delta.checks where abandoned`).toHaveLength(3);
  });

  test("is left with its last change still to be told when the task dies in the middle", async () => {
    const { database, gitHub, context, run, report, shown } = await world();
    await report();
    await cancel(database, run);
    const dying = {
      ...context,
      github: Object.assign(Object.create(context.github), {
        upsertCheck: () => Promise.reject(new Error("killed")),
      }),
    };
    await database`update delta.checks set busy_until = null`;
    await expect(reportCheck(dying as never, run)).rejects.toThrow("killed");
    expect(shown()["delta"]).toBe("queued");
    await report();
    expect(shown()["delta"]).toBe("cancelled");
    expect(gitHub.violations).toEqual([]);
  });
});

test("a run without a forge has nothing to tell", async () => {
  const { context, run, gitHub, due } = await world();
  await reportCheck({ ...context, github: null }, run);
  expect(await due()).toBeNull();
  expect(gitHub.requests).toEqual([]);
});
