import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunView } from "../../schemas/api.ts";
import { delta } from "../cli/support/delta.ts";
import { PushWorld, told } from "./support/push-world.ts";

const IN_USE = "waits for concurrency group deploy-main: 1 of 1 in use, by deploy of run 1";

const hasStarted = (run: RunView): boolean => run.jobs[0]?.attempts.at(-1)?.state === "running";
const pendingOf = (run: RunView): string | null => run.jobs[0]?.pending ?? null;

/** A step that lasts until the file is there. */
const until = (file: string): string => `until [ -e '${file}' ]; do sleep 0.1; done`;

/** Pushes the pipeline, and a second commit while the first one's run is at work. */
async function pushedOver(world: PushWorld, pipeline: string) {
  const first = await world.push({ ".delta/pipeline.yaml": pipeline });
  await world.runWhen(first.head, "the first run runs", hasStarted);
  return [first, await world.push({ "a.txt": "2\n" })] as const;
}

test("deployments of one group wait for each other, and of those that wait only the newest stays", {
  timeout: 300_000,
}, async () => {
  await using world = await PushWorld.start();
  const go = join(world.folder, "go");
  const [first, second] = await pushedOver(
    world,
    `version: 1
name: shop
jobs:
  deploy:
    concurrency: { group: "deploy-\${{ ref.name }}", on_conflict: latest }
    steps: ["${until(go)}"]
`,
  );
  const waiting = await world.runWhen(
    second.head,
    "the second one waits",
    (run) => pendingOf(run) === IN_USE,
  );
  await world.github.until(
    () =>
      world.github.checks.some(
        ({ head_sha, output }) => head_sha === second.head && output.title === `Waiting: ${IN_USE}`,
      ),
    120_000,
  );
  const env = { DELTA_STATE_DIR: world.stateFolder };
  const shown = await delta(["runs", "show", waiting.id], { cwd: world.folder, env });
  expect(shown.stdout, shown.stderr).toContain(IN_USE);

  const third = await world.push({ "a.txt": "3\n" });
  const displaced = await world.ended(second.head);
  expect(displaced.jobs.map(({ state, reason, reason_detail }) => [state, reason, reason_detail])).toEqual([
    ["canceled", "canceled_superseded", "deploy of run 3 takes its place"],
  ]);
  await world.runWhen(third.head, "the third one waits", (run) => pendingOf(run) === IN_USE);
  writeFileSync(go, "");
  for (const { head } of [first, third]) {
    const run = await world.ended(head);
    expect(run.state, told(run)).toBe("succeeded");
  }
});

test("a newer run of a group cancels the older one and takes its place when that has stopped", {
  timeout: 300_000,
}, async () => {
  await using world = await PushWorld.start();
  const go = join(world.folder, "go");
  const [first, second] = await pushedOver(
    world,
    `version: 1
name: shop
concurrency: { group: "checks-\${{ ref.name }}", on_conflict: cancel_older }
jobs:
  test: { steps: ["${until(go)}"] }
  after: { needs: [test], steps: ["true"] }
`,
  );
  const displaced = await world.ended(first.head);
  expect([displaced.state, displaced.reason, displaced.reason_detail], told(displaced)).toEqual([
    "canceled",
    "canceled_superseded",
    "run 2 takes its place",
  ]);
  expect(displaced.jobs.map(({ key, state }) => [key, state])).toEqual([
    ["test", "canceled"],
    ["after", "canceled"],
  ]);
  await world.runWhen(second.head, "the second run runs", hasStarted);
  writeFileSync(go, "");
  const run = await world.ended(second.head);
  expect(run.state, told(run)).toBe("succeeded");
});
