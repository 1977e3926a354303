import { expect, test } from "vitest";
import { PushWorld, told } from "./support/push-world.ts";
import { SHOP } from "./support/shop.ts";

test("a push becomes checks; the next push runs only what changed and says why", async () => {
  await using world = await PushWorld.start();

  const first = await world.push(SHOP, "everything");
  const firstRun = await world.ended(first.head);
  expect(firstRun.state, told(firstRun)).toBe("succeeded");
  expect(firstRun.jobs.map((job) => [job.key, job.state])).toEqual([
    ["prices", "succeeded"],
    ["basket", "succeeded"],
    ["search", "succeeded"],
  ]);
  expect(await world.log(firstRun, "prices")).toContain("tea 3");
  const firstChecks = await world.checksOf(first.head);
  expect([...firstChecks.values()].every((check) => check.conclusion === "success")).toBe(true);

  const second = await world.push({ "packages/prices/list.txt": "tea 4\n" }, "dearer tea");
  const secondRun = await world.ended(second.head);
  expect(secondRun.state, told(secondRun)).toBe("succeeded");
  expect(secondRun.base).toBe(first.head);
  expect(secondRun.jobs.map((job) => [job.key, job.state])).toEqual([
    ["prices", "succeeded"],
    ["basket", "succeeded"],
    ["search", "skipped"],
  ]);
  expect(await world.log(secondRun, "prices")).toContain("tea 4");

  const checks = await world.checksOf(second.head);
  expect(checks.size).toBe(4);
  const skipped = [...checks.values()].find((check) => check.name.includes("search"));
  expect(skipped?.status).toBe("completed");
  expect(["success", "neutral", "skipped"]).toContain(skipped?.conclusion);
  const summaries = [...checks.values()].map((check) => check.output.summary ?? "");
  const trace = summaries.find((summary) => summary.includes(secondRun.plan_digest ?? "no digest"));
  expect(trace).toContain("packages/prices/list.txt");
  expect(trace).toContain("basket");
  expect(trace).toMatch(/delta plan/);

  expect(world.github.violations).toEqual([]);
});

test("a pipeline with errors becomes a failed check with annotations at their places", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push({
    ".delta/pipeline.yaml": "version: 1\nname: shop\njobs:\n  test:\n    stpes:\n      - npm test\n",
  });
  const run = await world.ended(head);
  expect([run.state, run.reason]).toEqual(["plan_failed", "pipeline_invalid"]);
  const [check] = [...(await world.checksOf(head)).values()];
  expect(check?.conclusion).toBe("failure");
  const misspelt = check?.annotations.find((annotation) => annotation.start_line === 5);
  expect(misspelt?.path).toBe(".delta/pipeline.yaml");
  expect(misspelt?.message).toMatch(/stpes.*steps/);
});

test("a failing job fails its check and the run's, names the step, and blocks what needs it", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push({
    ".delta/pipeline.yaml": `version: 1
name: shop
jobs:
  lint: { steps: ["echo linting", "exit 3"] }
  test: { needs: [lint], steps: ["echo never"] }
`,
  });
  const run = await world.ended(head);
  expect([run.state, run.reason]).toEqual(["failed", "required_job_failed"]);
  expect(run.jobs.map((job) => [job.key, job.state, job.reason])).toEqual([
    ["lint", "failed", "step_failed"],
    ["test", "blocked", "need_failed"],
  ]);
  expect(run.jobs[0]?.attempts[0]).toMatchObject({ exit_code: 3, state: "failed" });
  const checks = await world.checksOf(head);
  expect([...checks.values()].filter((check) => check.conclusion === "success")).toEqual([]);
});

test("what GitHub refuses, drops or delays is told again until it is there, once", async () => {
  await using world = await PushWorld.start();
  const create = "POST /repos/{owner}/{repo}/check-runs";
  world.github.fault(create, { kind: "answer", status: 502 });
  world.github.fault(create, { kind: "drop", when: "after" });
  world.github.fault("POST /app/installations/{installation_id}/access_tokens", {
    kind: "answer",
    status: 500,
  });
  world.github.fault("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
    kind: "drop",
    when: "after",
  });
  const { head } = await world.push(SHOP);
  const checks = await world.checksOf(head);
  expect([...checks.values()].map((check) => check.conclusion)).toEqual(Array(4).fill("success"));
  const names = world.github.checks.map((check) => check.name);
  expect(names).toEqual([...new Set(names)]);
  expect(world.github.violations).toEqual([]);
});
