import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow } from "./support/files-below.ts";
import { PushWorld, told } from "./support/push-world.ts";

test("files go from every instance of a job to those that need them, and a failed job's reports to people", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push({
    "dist/kept": "of the commit\n",
    ".delta/pipeline.yaml": `version: 1
name: shop
jobs:
  build:
    matrix: { axes: { system: [linux, darwin] } }
    artifacts: [{ name: "dist", path: "dist/shop-*", required: true }]
    steps: ['echo "\${{ matrix.system }}" > "dist/shop-\${{ matrix.system }}"']
  test:
    allow_failure: true
    artifacts:
      - { name: reports, path: reports, type: junit, when: always }
      - { name: binary, path: bin }
    steps: ["mkdir reports bin; echo '<testsuite/>' > reports/unit.xml; touch bin/x; exit 1"]
  publish:
    needs: [{ job: build, artifacts: dist }, { job: test, when: done, artifacts: [reports, binary] }]
    steps: ['cat dist/*; ls -A reports; test ! -e bin']
`,
  });
  const run = await world.ended(head);
  expect(
    run.jobs.map(({ key, state }) => [key, state]),
    told(run),
  ).toEqual([
    ["build[system=linux]", "succeeded"],
    ["build[system=darwin]", "succeeded"],
    ["test", "failed"],
    ["publish", "succeeded"],
  ]);
  expect(await world.log(run, "publish")).toBe("of the commit\ndarwin\nlinux\nunit.xml\n");
  expect(await world.log(run, "publish", 0)).toContain('artifact "binary" of test: it left none');
});

test("a required file that nobody made fails its job by name", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push({
    ".delta/pipeline.yaml":
      "version: 1\nname: shop\njobs:\n  build: { artifacts: [{ name: dist, path: dist, required: true }], steps: [exit 0] }\n",
  });
  const run = await world.ended(head);
  expect(run.jobs[0]).toMatchObject({ state: "failed", reason: "artifact_missing" });
  expect(run.jobs[0]?.attempts[0]?.reason_detail).toBe('artifact "dist": no file matches dist');
});

test("a server killed while an artifact is stored loses none of it, and its job runs once", async () => {
  await using world = await PushWorld.start();
  const go = join(world.folder, "go");
  const { head } = await world.push({
    ".delta/pipeline.yaml": `version: 1
name: shop
jobs:
  build:
    artifacts: [{ name: big, path: big, required: true }]
    steps:
      - head -c 60000000 /dev/urandom > big; sha256sum big > '${join(world.folder, "sum")}'
  use:
    needs: [{ job: build, artifacts: big }]
    steps:
      - while [ ! -e '${go}' ]; do sleep 0.05; done; sha256sum -c '${join(world.folder, "sum")}'
`,
  });
  const pieces = () => filesBelow(join(world.stateFolder, "blobs", "artifacts")).length;
  await world.until("the first pieces are stored", () => pieces() > 3);
  await world.stopServer("SIGKILL");
  expect(pieces()).toBeLessThan(57);
  expect(existsSync(go)).toBe(false);
  writeFileSync(go, "");
  await world.startServer();
  const run = await world.ended(head);
  expect(
    run.jobs.map(({ state, attempts }) => [state, attempts.length]),
    told(run),
  ).toEqual([
    ["succeeded", 1],
    ["succeeded", 1],
  ]);
  expect(await world.log(run, "use")).toBe("big: OK\n");
});
