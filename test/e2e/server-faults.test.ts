import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesOf } from "../support/job-processes.ts";
import { processesIn } from "./support/processes.ts";
import { PushWorld } from "./support/push-world.ts";
import { pipelineOf } from "./support/shop.ts";

/** A step that says it began and waits until the test lets it go on. */
function waitingStep(world: PushWorld): { step: string; begun: () => boolean; release: () => void } {
  const begun = join(world.folder, "begun");
  const go = join(world.folder, "go");
  const step = `echo x >> '${begun}'; while [ ! -e '${go}' ]; do sleep 0.05; done; echo released`;
  return { step, begun: () => existsSync(begun), release: () => writeFileSync(go, "") };
}

test("a server killed in the middle of a run and started again: the run ends correctly, the job ran once", async () => {
  await using world = await PushWorld.start();
  const { step, begun, release } = waitingStep(world);
  const { head } = await world.push(pipelineOf([step]));
  await world.until("the step has begun", begun);

  await world.stopServer("SIGKILL");
  release();
  await world.startServer();

  const run = await world.ended(head);
  expect([run.state, run.reason]).toEqual(["succeeded", "ok"]);
  expect(run.jobs[0]?.attempts.map((attempt) => attempt.state)).toEqual(["succeeded"]);
  expect(await world.log(run, "work")).toBe("released\n");
  const [check] = [...(await world.checksOf(head)).values()];
  expect(check?.conclusion).toBe("success");
});

test("a server killed right after it took a webhook still makes the run when it is back", async () => {
  await using world = await PushWorld.start();
  const { head } = await world.push(pipelineOf(["echo hello"]));
  await world.stopServer("SIGKILL");
  await world.startServer();
  expect((await world.ended(head)).state).toBe("succeeded");
});

test("a canceled run stops its processes and says how that was confirmed", async () => {
  await using world = await PushWorld.start();
  const { step, begun } = waitingStep(world);
  const { head } = await world.push(pipelineOf([step]));
  await world.until("the step has begun", begun);
  const [live] = await world.runsOf(head);
  await world.api(`/runs/${live?.id}/cancel`, { method: "POST" });
  const run = await world.ended(head);
  expect([run.state, run.reason]).toEqual(["canceled", "canceled_by_user"]);
  const attempt = run.jobs[0]?.attempts[0];
  expect(attempt?.state).toBe("canceled");
  expect(attempt?.cancel_receipt).toContain("process_group_gone");
  expect(processesOf(attempt?.id ?? "")).toEqual([]);
});

test("a server told to stop ends its runners and Postgres, and leaves nothing running", async () => {
  await using world = await PushWorld.start();
  const { step, begun } = waitingStep(world);
  await world.push(pipelineOf([step]));
  await world.until("the step has begun", begun);
  expect(await world.stopServer("SIGTERM")).toBe(0);
  await world.until("everything is gone", () => processesIn(world.folder).length === 0);
  expect(existsSync(join(world.stateFolder, "server.json"))).toBe(false);
});

test("a push that came while no server was there makes its run when one is back", async () => {
  await using world = await PushWorld.start();
  const first = await world.push(pipelineOf(["echo first"]));
  await world.ended(first.head);
  await world.stopServer("SIGTERM");
  world.github.hook.target = `${world.url}/webhooks/github`;
  const head = world.repository.commit(pipelineOf(["echo second"]));
  expect(await world.github.hook.send(world.delivery({ before: first.head, after: head }))).toBe(502);
  await world.startServer();
  expect((await world.ended(head)).state).toBe("succeeded");
  expect(await world.runsOf(head)).toHaveLength(1);
});
