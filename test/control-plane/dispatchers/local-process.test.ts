import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AttemptId } from "../../../schemas/ids.ts";
import { ControlPlaneStandIn, type StandInOptions } from "../../support/control-plane-stand-in.ts";
import { makeDispatchRequest, makePlanJob } from "../../support/dispatch-request.ts";
import { isLive, processesOf, read } from "../../support/job-processes.ts";
import { LocalProcessWorld } from "../../support/local-process-world.ts";
import { makeSourceRepository } from "../../support/source-repository.ts";

let world: LocalProcessWorld;
const cleanUps: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  world = new LocalProcessWorld();
});
afterEach(async () => {
  await world.dispose();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startPlane(steps: StandInOptions["steps"], options: Partial<StandInOptions> = {}) {
  const repository = makeSourceRepository({ "file.txt": "text\n" });
  const plane = await ControlPlaneStandIn.start({ repository, steps, ...options });
  cleanUps.push(
    () => repository.remove(),
    () => plane.stopListening(),
  );
  const attemptId = plane.attemptId as AttemptId;
  const request = makeDispatchRequest({
    attemptId,
    claimToken: plane.claimToken,
    controlPlaneUrl: plane.url,
  });
  return { plane, attemptId, request };
}

test("a dispatched attempt runs to its report and is seen to have ended in order", async () => {
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane([{ run: "cat file.txt" }]);
  expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
  await plane.until(() => plane.complete !== null);
  expect(plane.complete).toMatchObject({ outcome: "succeeded" });
  await expect.poll(async () => (await dispatcher.observe([attemptId]))[0]?.state).toBe("exited");
  expect(await dispatcher.observe([attemptId])).toMatchObject([
    { exitCode: 0, detail: "the runner ended with status 0 (reported)" },
  ]);
  expect((await dispatcher.list()).attempts).toEqual([]);
  expect(readdirSync(world.workspaceRoot)).toEqual([]);
  expect(plane.violations).toEqual([]);
});

test("every start says once that jobs are not isolated", async () => {
  const dispatcher = await world.open();
  await dispatcher.dispatch(makeDispatchRequest());
  expect(world.warnings).toEqual([expect.stringContaining("without isolation")]);
});

test("attempts of forks, and jobs that ask for isolation, are refused", async () => {
  const dispatcher = await world.open();
  const fork = await dispatcher.dispatch(makeDispatchRequest({ trust: "fork" }));
  expect(fork).toMatchObject({ status: "refused", detail: expect.stringContaining("forks") });
  const runner = { pool: "default", os: "linux", arch: null, isolation: "vm" as const, labels: [] };
  const isolated = await dispatcher.dispatch(makeDispatchRequest({ job: makePlanJob({ runner }) }));
  expect(isolated).toMatchObject({ status: "refused", detail: expect.stringContaining('"vm"') });
});

test("a job with an image is run on this machine, and that is said", async () => {
  const dispatcher = await world.open();
  await dispatcher.dispatch(makeDispatchRequest({ job: makePlanJob({ image: "debian:12" }) }));
  expect(world.warnings.at(-1)).toContain("the image debian:12 is not used");
});

test("a launcher that is not there is an unknown outcome, to be repeated", async () => {
  const dispatcher = await world.open();
  rmSync(world.launcher);
  expect(await dispatcher.dispatch(makeDispatchRequest())).toMatchObject({ status: "unknown" });
});

test("runner and job see no variable of the control plane beside those allowed", async () => {
  process.env.DELTA_TEST_SECRET = "of the control plane";
  cleanUps.push(() => {
    delete process.env.DELTA_TEST_SECRET;
  });
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane([{ run: "env; echo up; sleep 300" }]);
  await dispatcher.dispatch(request);
  await plane.until(() => plane.log(1).includes("up"));
  const [runner] = world.pids(attemptId);
  for (const text of [plane.log(1), read(runner as number, "environ"), read(runner as number, "cmdline")]) {
    expect(text).not.toContain("of the control plane");
    expect(text).not.toContain(plane.claimToken);
  }
  expect(recordsText()).not.toContain(plane.claimToken);
});

/** Everything the dispatcher keeps on disk. */
function recordsText(): string {
  return readdirSync(world.runtimeFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}

test("what a killed runner leaves, processes and workspace, is cleaned up", async () => {
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane([
    { run: "trap '' TERM; setsid sleep 300 & echo up; while :; do sleep 1; done" },
  ]);
  await dispatcher.dispatch(request);
  await plane.until(() => plane.log(1).includes("up"));
  process.kill(world.pids(attemptId)[0] as number, "SIGKILL");
  await expect.poll(() => [...processesOf(attemptId), ...readdirSync(world.workspaceRoot)]).toEqual([]);
  expect(await dispatcher.stop({ attemptId, graceMs: 100 })).toEqual({ status: "gone" });
  expect(await dispatcher.observe([attemptId])).toMatchObject([
    { state: "exited", detail: "the runner was ended by SIGKILL" },
  ]);
});

test("a stop ends a job that ignores its signal, and says gone when all of it is", async () => {
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane(
    [{ run: "trap '' TERM; echo up; while :; do sleep 1; done" }],
    { spec: { cancel_grace_ms: 200 } },
  );
  await dispatcher.dispatch(request);
  await plane.until(() => plane.log(1).includes("up"));
  expect(await dispatcher.stop({ attemptId, graceMs: 200 })).toEqual({ status: "stopping" });
  await expect.poll(() => dispatcher.stop({ attemptId, graceMs: 200 })).toEqual({ status: "gone" });
  expect(processesOf(attemptId)).toEqual([]);
  expect(plane.complete).toMatchObject({ reason: "runner_error" });
});

test("a runner that does not answer its stop is killed with its job", async () => {
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane([{ run: "echo up; sleep 300" }]);
  await dispatcher.dispatch(request);
  await plane.until(() => plane.log(1).includes("up"));
  process.kill(world.pids(attemptId)[0] as number, "SIGSTOP");
  await expect.poll(() => dispatcher.stop({ attemptId, graceMs: 0 })).toEqual({ status: "gone" });
  expect(processesOf(attemptId)).toEqual([]);
});

test("close ends every runner and its job, and starts none after", async () => {
  const dispatcher = await world.open();
  const { plane, attemptId, request } = await startPlane([{ run: "echo up; sleep 300" }]);
  await dispatcher.dispatch(request);
  await plane.until(() => plane.log(1).includes("up"));
  const [runner] = world.pids(attemptId);
  await dispatcher.close();
  expect(isLive(runner as number)).toBe(false);
  expect(processesOf(attemptId)).toEqual([]);
  expect(readdirSync(world.workspaceRoot)).toEqual([]);
  expect(await dispatcher.dispatch(makeDispatchRequest())).toMatchObject({ status: "unknown" });
});

test("a runner outlives a control plane that is killed, and the next one finds it", async () => {
  const { plane, attemptId, request } = await startPlane([
    { run: "echo up; while [ ! -e go ]; do sleep 0.05; done; echo on" },
  ]);
  const controlPlane = spawn(
    process.execPath,
    [fileURLToPath(new URL("../../support/dispatch-and-wait.ts", import.meta.url))],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const { runtimeFolder, workspaceRoot, launcher } = world;
  controlPlane.stdin.end(JSON.stringify({ options: { runtimeFolder, workspaceRoot, launcher }, request }));
  await once(controlPlane.stdout, "data");
  await plane.until(() => plane.log(1).includes("up"));
  controlPlane.kill("SIGKILL");
  await once(controlPlane, "exit");

  const next = await world.open();
  expect(await next.observe([attemptId])).toMatchObject([{ attemptId, state: "running" }]);
  writeFileSync(join(world.workspaceRoot, `attempt-${attemptId}`, "source", "go"), "");
  await plane.until(() => plane.complete !== null);
  expect(plane.log(1)).toBe("up\non\n");
  await expect.poll(async () => (await next.observe([attemptId]))[0]?.state).toBe("exited");
  expect(await next.dispatch(request)).toMatchObject({ status: "accepted" });
  expect(plane.count("claim")).toBe(1);
});

test("a process that took the number of a dead runner is neither taken for it nor stopped", async () => {
  const first = await world.open();
  const request = makeDispatchRequest();
  const { attemptId } = request;
  await first.dispatch(request);
  await first.close();
  const innocent = spawn("sleep", ["300"]);
  cleanUps.push(() => void innocent.kill());
  const path = join(world.runtimeFolder, attemptId, "runner.json");
  expect(existsSync(path)).toBe(true);
  const record = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...record, pid: innocent.pid, clean: false }));
  const next = await world.open();
  expect(await next.observe([attemptId])).toMatchObject([{ state: "exited" }]);
  expect(await next.stop({ attemptId, graceMs: 0 })).toEqual({ status: "gone" });
  expect(isLive(innocent.pid as number)).toBe(true);
});

test("a runner that died before it was configured is started again by a repeat", async () => {
  const first = await world.open();
  const { plane, attemptId, request } = await startPlane([{ run: "echo ran" }]);
  await first.dispatch({ ...request, controlPlaneUrl: "http://127.0.0.1:9" });
  await first.close();
  const path = join(world.runtimeFolder, attemptId, "runner.json");
  const record = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...record, configured: false }));
  const next = await world.open();
  expect(await next.dispatch(request)).toMatchObject({ status: "accepted" });
  await plane.until(() => plane.complete !== null);
  expect(plane.log(1)).toBe("ran\n");
});
