import { readdirSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

test("an attempt is claimed, checked out, run step by step, logged and reported", async () => {
  const { plane, runner } = await world.run({
    files: { "greeting.txt": "hello from the commit\n" },
    steps: [{ run: "cat greeting.txt" }, { run: "echo out; echo err >&2; git rev-parse HEAD" }],
  });
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(plane.complete).toMatchObject({ outcome: "succeeded", reason: "ok", exit_code: 0 });
  expect(plane.complete?.steps.map((step) => step.state)).toEqual(["succeeded", "succeeded"]);
  expect(plane.log(1)).toBe("hello from the commit\n");
  expect(plane.log(2)).toBe(`out\nerr\n${world.commit}\n`);
  for (const stream of [0, 1, 2]) expect(plane.logs.get(stream).closed?.truncated).toBe(false);
  expect(readdirSync(runner.workspaceRoot)).toEqual([]);
});
