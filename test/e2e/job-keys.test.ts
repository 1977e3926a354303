import { expect, test } from "vitest";
import { PushWorld, told } from "./support/push-world.ts";

test("values go from job to job, each job has the history it asked for, and silence ends one", async () => {
  await using world = await PushWorld.start();
  await world.push({ "a.txt": "1\n", ".delta/pipeline.yaml": "version: 1\non: manual\n" }, "earlier");
  const { head } = await world.push({
    ".delta/pipeline.yaml": `version: 1
name: shop
jobs:
  build:
    outputs: [version, image]
    checkout: { depth: full }
    steps:
      - echo "version=$(git rev-list --count HEAD)" >> "$DELTA_OUTPUT"
      - echo "image=shop:$(cat a.txt)" >> "$DELTA_OUTPUT"
  silent: { no_output_timeout: 1s, steps: [sleep 300] }
  deploy:
    needs: [build, { job: silent, when: done }]
    checkout: false
    env: { TAG: "v\${{ needs.build.outputs.version }}", SILENT: "\${{ needs.silent.result }}" }
    steps:
      - { run: 'echo "$TAG $IMAGE $SILENT"; ls -A', env: { IMAGE: "\${{ needs.build.outputs.image }}" } }
`,
  });
  const run = await world.ended(head);
  expect(
    run.jobs.map(({ key, state, reason }) => [key, state, reason]),
    told(run),
  ).toEqual([
    ["build", "succeeded", "ok"],
    ["silent", "timed_out", "no_output_timeout"],
    ["deploy", "succeeded", "ok"],
  ]);
  expect(await world.log(run, "deploy")).toBe("v2 shop:1 timed_out\n");
});

test("what this server does not carry out fails the check, with an annotation where it is asked", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push({
    ".delta/pipeline.yaml": `version: 1
name: shop
jobs:
  test:
    services: { db: "postgres:18" }
    caches: [{ key: npm, paths: .npm }]
    steps: [npm test]
`,
  });
  const run = await world.ended(head);
  expect([run.state, run.reason, run.jobs]).toEqual(["plan_failed", "pipeline_invalid", []]);
  const [check] = [...(await world.checksOf(head)).values()];
  expect(check?.conclusion).toBe("failure");
  expect(check?.annotations.map((one) => [one.start_line, one.annotation_level, one.message])).toEqual([
    [5, "failure", "This server does not carry out `services` yet, which `test` asks for"],
    [
      6,
      "warning",
      "This server does not carry out `caches` yet, which `test` asks for; the job runs without them, only slower",
    ],
  ]);
});
