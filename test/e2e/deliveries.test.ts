import { describe, expect, test } from "vitest";
import type { RunList } from "../../schemas/api.ts";
import { PushWorld } from "./support/push-world.ts";
import { pipelineOf } from "./support/shop.ts";

describe("deliveries that are not what they seem", () => {
  test("a forged delivery is refused and leaves nothing; a doubled and a replayed one make one run", async () => {
    await using world = await PushWorld.start();
    const head = world.repository.commit(pipelineOf(["echo hello"]));
    const delivery = world.delivery({ before: null, after: head });

    expect((await world.deliver(delivery, "not the secret")).status).toBe(401);
    expect((await world.api<RunList>("/runs")).runs).toEqual([]);

    const answers = await Promise.all(Array.from({ length: 20 }, () => world.deliver(delivery)));
    expect(new Set(answers.map((answer) => answer.status)).size).toBe(1);
    expect(answers[0]?.ok).toBe(true);
    await world.ended(head);
    expect((await world.deliver(delivery)).ok).toBe(true);

    await world.stopServer("SIGTERM");
    await world.startServer();
    expect((await world.deliver(delivery)).ok).toBe(true);
    expect(await world.runsOf(head)).toHaveLength(1);

    const other = { ...delivery, body: delivery.body.replace("refs/heads/main", "refs/heads/other") };
    expect((await world.deliver(other)).status).toBe(409);
  });

  test("a deleted branch makes no run; a first push with an all-zero before runs everything", async () => {
    await using world = await PushWorld.start();
    const { head } = await world.push(pipelineOf(["echo first"]));
    const run = await world.ended(head);
    expect(run.state).toBe("succeeded");
    expect(run.base).toBeNull();
    expect((await world.deliver(world.delivery({ before: head, after: null }))).ok).toBe(true);
    expect((await world.api<RunList>("/runs")).runs).toHaveLength(1);
  });

  test("a before that is not in the repository widens the plan and says so", async () => {
    await using world = await PushWorld.start();
    const head = world.repository.commit({
      ...pipelineOf(["echo hello"], '    changes: ["src/**"]\n'),
      "README.md": "hello\n",
    });
    await world.deliver(world.delivery({ before: "1".repeat(40), after: head, forced: true }));
    const run = await world.ended(head);
    expect(run.state).toBe("succeeded");
    expect(run.jobs.map((job) => job.state)).toEqual(["succeeded"]);
    const { plan } = await world.api<{ plan: { uncertain: { code: string }[] } }>(`/runs/${run.id}/plan`);
    expect(plan.uncertain.map((doubt) => doubt.code)).toContain("base_missing");
  });

  test("a commit that the repository does not have ends the run with its reason", async () => {
    await using world = await PushWorld.start();
    world.repository.commit(pipelineOf(["echo hello"]));
    const head = "2".repeat(40);
    await world.deliver(world.delivery({ before: null, after: head }));
    const run = await world.ended(head);
    expect([run.state, run.reason]).toEqual(["plan_failed", "commit_unreachable"]);
  });
});
