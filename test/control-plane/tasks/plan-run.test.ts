import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { compile, wantedContents } from "../../../compiler/index.ts";
import { newId, systemClock } from "../../../control-plane/clock.ts";
import type { Database } from "../../../control-plane/db/client.ts";
import { upsertRepository } from "../../../control-plane/db/deliveries.ts";
import { GitHubForge } from "../../../control-plane/forge/github/github-forge.ts";
import {
  completePinned,
  openRepository,
  personRoutes,
  PinnedLoader,
  readCompileInput,
} from "../../../control-plane/git/index.ts";
import { Mirror } from "../../../control-plane/git/mirror.ts";
import { createRun, requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { createPlanner, PlannerError, type Planner } from "../../../control-plane/planning/planner.ts";
import { planRun } from "../../../control-plane/tasks/plan-run.ts";
import { pushEvent, type PipelineEvent } from "../../../schemas/event.ts";
import type { RepositoryId, RunId } from "../../../schemas/ids.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { createTestDatabase } from "../../support/database.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const PIPELINE = `version: 1
name: ci
on: { push: {}, pull_request: {} }
jobs:
  build:
    image: node:24
    steps:
      - run: "true"
  docs:
    image: node:24
    changes: ["docs/**"]
    steps:
      - run: "true"
`;
const TOKEN = "POST /app/installations/{installation_id}/access_tokens";
const AUTHOR = { actor: "test", cause: "test" };

async function world(forge: "local" | "github", planner?: Planner) {
  const { database } = await createTestDatabase();
  const gitHub = await GitHubStandIn.start();
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  const source = new ScratchRepository();
  const served = gitHub.addRepository("ada/engine", source.path);
  const { appId, privateKey } = gitHub.app;
  const github = new GitHubForge(
    { apiUrl: gitHub.url, appId, privateKey, webhookSecret: gitHub.webhookSecret },
    systemClock,
    { warn: () => {} },
  );
  const folder = mkdtempSync(join(tmpdir(), "delta-mirror-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rules = { plainHttpHosts: [new URL(gitHub.url).host], localPaths: true };
  const used = planner ?? createPlanner();
  onTestFinished(() => used.stop());
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const context = {
    database,
    mirror: new Mirror(folder, rules),
    includes: { folder: join(folder, "pinned"), allowed: null, rules },
    planner: used,
    github,
    version: "1.2.3",
    log,
  };

  const start = async (head: string, change: { event?: Partial<PipelineEvent>; base?: string } = {}) => {
    const event: PipelineEvent = pushEvent({
      ref: "refs/heads/main",
      head,
      default_branch: "main",
      ...change.event,
    });
    const repository = {
      forgeId: forge === "local" ? source.path : String(served.id),
      fullName: "ada/engine",
      cloneUrl: forge === "local" ? source.path : `${gitHub.url}/ada/engine.git`,
      defaultBranch: "main",
      installationId: forge === "local" ? null : String(served.installationId),
    };
    const { id } = await database.begin(async (tx) =>
      createRun(tx, AUTHOR, {
        repositoryId: await upsertRepository(tx, forge, repository, newId<RepositoryId>()),
        deliveryId: null,
        event,
        headSha: head,
        baseSha: change.base ?? null,
        request: null,
        rerunOf: null,
      }),
    );
    return { id, event };
  };
  const read = async (id: RunId) => {
    const [run] = await database`select * from delta.runs where id = ${id}`;
    return run ?? {};
  };
  return { ...context, context, gitHub, served, source, start, read };
}

describe("a run of a repository on this machine", () => {
  test("is planned as the command line plans it, with its jobs and their decisions", async () => {
    const { context, database, source, start, read } = await world("local");
    const base = source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const head = source.commit({ "src/a.ts": "1" });
    const { id, event } = await start(head, { base });
    await planRun(context, id);
    const run = await read(id);
    const own = await planCommit({
      repositoryPath: source.path,
      event,
      head,
      base,
      lastGreen: null,
      jobs: [],
      all: false,
      compilerVersion: "1.2.3",
    });
    expect(run).toMatchObject({ state: "queued", plan_digest: own.digest, base_sha: base });
    expect(await database`select key, state, reason from delta.jobs order by position`).toMatchObject([
      { key: "build", reason: null },
      { key: "docs", state: "skipped", reason: "not_selected" },
    ]);
  });

  test("that asks for what this server does not carry out ends as plan_failed, saying what and where", async () => {
    const { context, database, source, start, read } = await world("local");
    const services = PIPELINE.replace("build:\n", 'build:\n    services: { db: "postgres:18" }\n');
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": services, "docs/a.md": "" }));
    await planRun(context, id);
    const message = "This server does not carry out `services` yet, which `build` asks for";
    expect(await read(id)).toMatchObject({
      state: "plan_failed",
      reason: "pipeline_invalid",
      reason_detail: message,
      diagnostics: [
        { code: "DC1140", message, place: { file: ".delta/pipeline.yaml", line: 6, column: 17 } },
      ],
    });
    expect(await database`select 1 from delta.jobs`).toEqual([]);
  });

  test("whose pipeline asks for the last green run is compared with it, as its ladder records", async () => {
    const { context, database, source, start } = await world("local");
    const asking = `${PIPELINE}changes: { base: last_green }\n`;
    const planned = async (head: string, change: Parameters<typeof start>[1] = {}) => {
      const { id } = await start(head, change);
      await planRun(context, id);
      const [row] = await database`
        select p.canonical::jsonb->'changes' as changes from delta.runs r join delta.plans p on p.digest = r.plan_digest
        where r.id = ${id}`;
      return { id, head, changes: (row?.["changes"] ?? {}) as Partial<Plan["changes"]> };
    };
    const end = async (id: RunId, state: "succeeded" | "failed", jobs: string[] = []) => {
      await database`update delta.runs set state = ${state}, reason = 'ok', finalized_at = clock_timestamp(),
        wake_at = null, request = ${database.json({ jobs, all: false })} where id = ${id}`;
    };
    const first = await planned(source.commit({ ".delta/pipeline.yaml": asking }));
    expect(first.changes).toMatchObject({ rule: "everything", base: null });
    expect(first.changes.ladder).toContainEqual({
      rule: "last_green",
      taken: false,
      why: "the last green run was asked for and there is none",
    });
    const green = source.git("rev-parse", "HEAD");
    await end(first.id, "succeeded");
    const red = await planned(source.commit({ "docs/a.md": "1" }));
    await end(red.id, "failed");
    const partial = await planned(source.commit({ "docs/b.md": "1" }));
    await end(partial.id, "succeeded", ["build"]);
    const head = source.commit({ "src/a.ts": "1" });
    const ladder = [
      { rule: "explicit", taken: false, why: "no base was given" },
      { rule: "last_green", taken: true, why: "the last green commit" },
    ];
    const push = await planned(head, { event: { before: source.git("rev-parse", "HEAD~1") } });
    expect(push.changes).toMatchObject({ rule: "last_green", base: green, total: 3, ladder });
    const branch = await planned(head, { event: { ref: "refs/heads/feature" } });
    expect(branch.changes).toMatchObject({ rule: "last_green", base: green });
    const pull = { number: 3, action: "opened", target_ref: "refs/heads/main", target_sha: red.head };
    const rest = { source_ref: "refs/heads/feature", from_fork: false, draft: false };
    const request = await planned(head, {
      event: { kind: "pull_request", ref: "refs/pull/3/head", pull_request: { ...pull, ...rest } },
    });
    expect(request.changes).toMatchObject({ rule: "last_green", base: green });
    await end(push.id, "succeeded");
    const again = await planned(head);
    expect(again.changes).toMatchObject({ base: green });
    const next = await planned(source.commit({ "docs/c.md": "1" }));
    expect(next.changes).toMatchObject({ base: head, total: 1 });
  });

  test("may be of a commit that no branch holds", async () => {
    const { context, source, start, read } = await world("local");
    source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const loose = source.git("commit-tree", "-m", "working tree", "-p", "HEAD", "HEAD^{tree}");
    const { id } = await start(loose);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued" });
  });

  test("without a pipeline ends with that as its reason", async () => {
    const { context, source, start, read } = await world("local");
    const { id } = await start(source.commit({ "a.txt": "1" }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "pipeline_missing" });
  });

  test("with a broken pipeline keeps the diagnostics with their lines", async () => {
    const { context, source, start, read } = await world("local");
    const text = PIPELINE.replace("    steps:\n", "    stpes:\n");
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": text }));
    await planRun(context, id);
    const run = await read(id);
    expect(run).toMatchObject({ state: "plan_failed", reason: "pipeline_invalid" });
    expect(run["diagnostics"]).toContainEqual(
      expect.objectContaining({ place: { file: ".delta/pipeline.yaml", line: 7, column: 5 } }),
    );
  });

  test("whose folder is gone ends as source unavailable", async () => {
    const { context, source, start, read } = await world("local");
    const head = source.commit({ ".delta/pipeline.yaml": PIPELINE });
    rmSync(source.path, { recursive: true });
    const { id } = await start(head);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "source_unavailable" });
  });

  test("that was canceled is not planned, and one planned twice has one set of jobs", async () => {
    const { context, database, source, start, read } = await world("local");
    const head = source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const canceled = await start(head);
    await requestCancel(database, AUTHOR, canceled.id, "canceled_by_user");
    await planRun(context, canceled.id);
    expect(await read(canceled.id)).toMatchObject({ state: "canceled" });
    const twice = await start(head);
    await Promise.all([planRun(context, twice.id), planRun(context, twice.id)]);
    expect(await database`select 1 from delta.jobs where run_id = ${twice.id}`).toHaveLength(2);
  });
});

describe("a run of a repository on GitHub", () => {
  test("is fetched with the App's token and planned", async () => {
    const { context, gitHub, source, start, read } = await world("github");
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued" });
    expect(gitHub.violations).toEqual([]);
  });

  test("of a pull request has its target as base", async () => {
    const { context, source, start, read } = await world("github");
    const target = source.commit({ ".delta/pipeline.yaml": PIPELINE });
    source.git("checkout", "--quiet", "--detach");
    const head = source.commit({ "docs/a.md": "1" });
    source.git("update-ref", "refs/pull/3/head", head);
    const { id } = await start(head, {
      event: {
        kind: "pull_request",
        ref: "refs/pull/3/head",
        pull_request: {
          number: 3,
          action: "opened",
          target_ref: "refs/heads/main",
          target_sha: target,
          source_ref: "refs/heads/change",
          from_fork: true,
          draft: false,
        },
        trust: "fork",
      },
    });
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued", base_sha: target });
  });

  test("whose commit is in no ref of the repository ends as unreachable", async () => {
    const { context, source, start, read } = await world("github");
    source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const foreign = source.git("commit-tree", "-m", "from a fork", "HEAD^{tree}");
    const { id } = await start(foreign);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "commit_unreachable" });
  });

  test("is planned later when GitHub fails, and waits as long as it is told", async () => {
    const { context, gitHub, source, start, read, database } = await world("github");
    gitHub.fault(TOKEN, { kind: "answer", status: 429, headers: { "retry-after": "90" } });
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "planning", planning_attempts: 1 });
    const [due] = await database`
      select extract(epoch from wake_at - clock_timestamp())::int as seconds from delta.runs where id = ${id}`;
    expect(due?.["seconds"]).toBeGreaterThan(80);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued", planning_attempts: 2 });
  });

  test("of an App that was uninstalled ends as source unavailable", async () => {
    const { context, gitHub, served, source, start, read } = await world("github");
    gitHub.uninstall(served);
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "source_unavailable" });
  });
});

test("a commit that ends its planning process twice is not given a third", async () => {
  let plans = 0;
  const planner: Planner = {
    plan: () => {
      plans++;
      return Promise.reject(new PlannerError("crashed", "it ended"));
    },
    stop: async () => {},
  };
  const { context, source, start, read } = await world("local", planner);
  const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
  await planRun(context, id);
  expect(await read(id)).toMatchObject({ state: "planning" });
  await planRun(context, id);
  expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "internal_error" });
  await planRun(context, id);
  expect(plans).toBe(2);
});

describe("a pipeline that includes a file of another repository", () => {
  const NODE = "version: 1\ntemplates: { node: { image: 'node:24', steps: [npm ci] } }\n";
  const DIGEST = createHash("sha256").update(NODE).digest("hex");
  const pipeline = (sha256: string, repo = "ada/ci"): string => `version: 1
include: [{ repo: ${repo}, ref: v3, sha256: "${sha256}", file: node.yaml }]
jobs: { test: { extends: node } }
`;

  function teamRepository(): ScratchRepository {
    const team = new ScratchRepository();
    team.commit({ "node.yaml": NODE });
    team.git("tag", "v3");
    return team;
  }

  /** The forge has told us of it, as it does with its first delivery. */
  async function known(database: Database, gitHub: GitHubStandIn, fullName: string, path: string) {
    const served = gitHub.addRepository(fullName, path);
    const repository = {
      forgeId: String(served.id),
      fullName,
      cloneUrl: `${gitHub.url}/${fullName}.git`,
      defaultBranch: "main",
      installationId: String(served.installationId),
    };
    await database.begin((tx) => upsertRepository(tx, "github", repository, newId<RepositoryId>()));
  }

  /** The same commit through the door of the command line, in a clone whose forge lies on this machine. */
  async function planHere(source: ScratchRepository, team: ScratchRepository, event: PipelineEvent) {
    const forge = mkdtempSync(join(tmpdir(), "delta-forge-"));
    onTestFinished(() => rmSync(forge, { recursive: true, force: true }));
    mkdirSync(join(forge, "ada"));
    symlinkSync(team.path, join(forge, "ada", "ci"));
    source.git("remote", "add", "origin", join(forge, "ada", "engine"));
    const repository = await openRepository(source.path);
    const route = personRoutes(repository, ["*"]);
    const loader = new PinnedLoader({ folder: join(forge, "cache"), route, whenUnavailable: "tell" });
    const sources = await readCompileInput(repository, {
      event,
      wanted: wantedContents,
      pinned: (tree, before) => completePinned(tree, before, (request) => loader.load(request)),
    });
    return compile({ ...sources, compilerVersion: "1.2.3", request: { jobs: [], all: false } });
  }

  test("gets the plan that the command line gives it, read with a token for that one repository", async () => {
    const { context, database, gitHub, source, start, read } = await world("github");
    const team = teamRepository();
    await known(database, gitHub, "ada/ci", team.path);
    const { id, event } = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST) }));
    await planRun(context, id);
    const run = await read(id);
    const own = await planHere(source, team, event);
    expect(own.diagnostics).toEqual([]);
    expect(run).toMatchObject({ state: "queued", plan_digest: own.digest });
    expect(own.plan?.sources[1]?.from).toEqual({ repo: "ada/ci", ref: "v3", sha256: DIGEST });
    expect(gitHub.violations).toEqual([]);
  });

  test("is planned again from what was kept when the other repository is gone", async () => {
    const { context, database, gitHub, source, start, read } = await world("github");
    const team = teamRepository();
    await known(database, gitHub, "ada/ci", team.path);
    const first = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST) }));
    await planRun(context, first.id);
    rmSync(team.path, { recursive: true });
    const second = await start(source.commit({ "src/a.ts": "1" }));
    await planRun(context, second.id);
    expect(await read(second.id)).toMatchObject({ state: "queued" });
  });

  test("of another owner is refused until the operators name it", async () => {
    const { context, source, start, read } = await world("github");
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST, "bob/ci") }));
    await planRun(context, id);
    const { state, diagnostics } = await read(id);
    expect(state).toBe("plan_failed");
    expect(diagnostics).toContainEqual(
      expect.objectContaining({
        code: "DC1612",
        place: { file: ".delta/pipeline.yaml", line: 2, column: 19 },
      }),
    );
  });

  test("of another digest has no plan, and a pull request from a fork is not told the right one", async () => {
    const { context, database, gitHub, source, start, read } = await world("github");
    await known(database, gitHub, "ada/ci", teamRepository().path);
    const head = source.commit({ ".delta/pipeline.yaml": pipeline("0".repeat(64)) });
    const messages = async (trust: "trusted" | "fork") => {
      const { id } = await start(head, { event: { trust } });
      await planRun(context, id);
      return JSON.stringify((await read(id)).diagnostics);
    };
    expect(await messages("trusted")).toContain(DIGEST);
    const told = await messages("fork");
    expect(told).toContain("DC1610");
    expect(told).not.toContain(DIGEST);
  });
});
