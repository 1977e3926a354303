import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { PlannerError, type Planner } from "../../../control-plane/planning/planner.ts";
import { planRun } from "../../../control-plane/tasks/plan-run.ts";
import type { RunId } from "../../../schemas/ids.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { AUTHOR, PIPELINE, planRunWorld } from "../../support/plan-run-world.ts";

describe("a run of a repository on this machine", () => {
  test("is planned as the command line plans it, with its jobs and their decisions", async () => {
    const { context, database, source, start, read } = await planRunWorld("local");
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
    const { context, database, source, start, read } = await planRunWorld("local");
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
    const { context, database, source, start } = await planRunWorld("local");
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
    const { context, source, start, read } = await planRunWorld("local");
    source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const loose = source.git("commit-tree", "-m", "working tree", "-p", "HEAD", "HEAD^{tree}");
    const { id } = await start(loose);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued" });
  });

  test("without a pipeline ends with that as its reason", async () => {
    const { context, source, start, read } = await planRunWorld("local");
    const { id } = await start(source.commit({ "a.txt": "1" }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "pipeline_missing" });
  });

  test("with a broken pipeline keeps the diagnostics with their lines", async () => {
    const { context, source, start, read } = await planRunWorld("local");
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
    const { context, source, start, read } = await planRunWorld("local");
    const head = source.commit({ ".delta/pipeline.yaml": PIPELINE });
    rmSync(source.path, { recursive: true });
    const { id } = await start(head);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "source_unavailable" });
  });

  test("that was canceled is not planned, and one planned twice has one set of jobs", async () => {
    const { context, database, source, start, read } = await planRunWorld("local");
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

test("a commit with more files than are read is tried once more, then its run says so, and not where mirrors lie", async () => {
  const { context, source, start, read } = await planRunWorld("local");
  const pipeline = source.commit({ ".delta/pipeline.yaml": PIPELINE });
  const blob = source.git("rev-parse", `${pipeline}:.delta/pipeline.yaml`);
  const tree = (count: number, entry: string): string => {
    const lines = Array.from({ length: count }, (_, index) => `${entry}\tn${index}\n`);
    const made = execFileSync("git", ["mktree"], { cwd: source.path, input: lines.join("") });
    return made.toString("latin1").trim();
  };
  const top = tree(1_500, `040000 tree ${tree(1_500, `100644 blob ${blob}`)}`);
  const { id } = await start(source.git("commit-tree", "-m", "forged", top));
  await planRun(context, id);
  expect(await read(id)).toMatchObject({ state: "planning" });
  await planRun(context, id);
  expect(await read(id)).toMatchObject({
    state: "plan_failed",
    reason: "commit_unreadable",
    reason_detail: expect.stringMatching(/^the commit [0-9a-f]{40} has more than 2000000 files$/) as string,
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
  const { context, source, start, read } = await planRunWorld("local", planner);
  const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
  await planRun(context, id);
  expect(await read(id)).toMatchObject({ state: "planning" });
  await planRun(context, id);
  expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "internal_error" });
  await planRun(context, id);
  expect(plans).toBe(2);
});
