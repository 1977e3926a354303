import { describe, expect, test } from "vitest";
import { planRun } from "../../../control-plane/tasks/plan-run.ts";
import { PIPELINE, planRunWorld } from "../../support/plan-run-world.ts";

const TOKEN = "POST /app/installations/{installation_id}/access_tokens";

describe("a run of a repository on GitHub", () => {
  test("is fetched with the App's token and planned", async () => {
    const { context, gitHub, source, start, read } = await planRunWorld("github");
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "queued" });
    expect(gitHub.violations).toEqual([]);
  });

  test("of a pull request has its target as base", async () => {
    const { context, source, start, read } = await planRunWorld("github");
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
    const { context, source, start, read } = await planRunWorld("github");
    source.commit({ ".delta/pipeline.yaml": PIPELINE });
    const foreign = source.git("commit-tree", "-m", "from a fork", "HEAD^{tree}");
    const { id } = await start(foreign);
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "commit_unreachable" });
  });

  test("is planned later when GitHub fails, and waits as long as it is told", async () => {
    const { context, gitHub, source, start, read, database } = await planRunWorld("github");
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
    const { context, gitHub, served, source, start, read } = await planRunWorld("github");
    gitHub.uninstall(served);
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": PIPELINE }));
    await planRun(context, id);
    expect(await read(id)).toMatchObject({ state: "plan_failed", reason: "source_unavailable" });
  });
});
