import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { readConfig, startControlPlane } from "../../control-plane/main.ts";
import type { RunView } from "../../schemas/api.ts";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { apiCaller } from "../support/api-caller.ts";
import { createTestDatabase } from "../support/database.ts";
import { processesOf } from "../support/job-processes.ts";
import { ScratchRepository } from "../support/scratch-repository.ts";
import { pipelineOf } from "./support/shop.ts";

/** Short, so that a lost runner is noticed while a test waits; the proportions are those of the default. */
const LEASE_TIMING = { ttlMs: 10_000, heartbeatIntervalMs: 1_000, marginMs: 1_000 };
const WAIT = { timeout: 60_000, interval: 50 };

interface RunnerWorld {
  readonly folder: string;
  /** Starts the run and waits until its step has begun for the given attempt. */
  begun(attempt: number): Promise<RunView>;
  release(): void;
  view(): Promise<RunView>;
  ended(): Promise<RunView>;
  /** What the dispatcher keeps about the runner of an attempt. */
  runner(attemptId: string): { pid: number; exit: { status: number | null } | null };
}

/** A control plane with real local runners, and one run whose step waits until it is let go. */
async function runnerWorld(): Promise<RunnerWorld> {
  const folder = mkdtempSync(join(tmpdir(), "delta-runner-faults-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { settings } = await createTestDatabase();
  const state = join(folder, "state");
  const overrides = { database: settings, port: 0, logLevel: "silent", leaseTiming: LEASE_TIMING } as const;
  const plane = await startControlPlane(readConfig({ DELTA_STATE_DIR: state }, overrides));
  onTestFinished(() => plane.stop());

  const begun = join(folder, "begun");
  const go = join(folder, "go");
  const step = `echo $DELTA_ATTEMPT >> '${begun}'; while [ ! -e '${go}' ]; do sleep 0.05; done; echo released`;
  const repository = new ScratchRepository();
  const head = repository.commit(pipelineOf([step]));
  const call = apiCaller(plane);
  const { id } = await call<RunView>("/runs", {
    repository_path: repository.path,
    head,
    base: null,
    ref: "refs/heads/main",
    default_branch: "main",
    jobs: [],
    all: true,
  });
  const view = (): Promise<RunView> => call<RunView>(`/runs/${id}`);
  return {
    folder,
    view,
    release: () => writeFileSync(go, ""),
    async begun(attempt) {
      const lines = (): number =>
        existsSync(begun) ? readFileSync(begun, "utf8").split("\n").length - 1 : 0;
      await vi.waitFor(() => expect(lines()).toBe(attempt), WAIT);
      return view();
    },
    async ended() {
      await vi.waitFor(async () => expect((await view()).finalized_at).not.toBeNull(), WAIT);
      return view();
    },
    runner: (attemptId) =>
      JSON.parse(readFileSync(join(state, "runners", attemptId, "runner.json"), "utf8")) as ReturnType<
        RunnerWorld["runner"]
      >,
  };
}

function attemptsOf(run: RunView): [number, string, string | null][] {
  return (run.jobs[0]?.attempts ?? []).map(({ number, state, reason }) => [number, state, reason]);
}

test("a runner that is killed: its attempt is lost, its processes are ended, a new attempt succeeds", async () => {
  const world = await runnerWorld();
  const first = (await world.begun(1)).jobs[0]?.attempts[0]?.id ?? "";
  process.kill(world.runner(first).pid, "SIGKILL");

  const second = (await world.begun(2)).jobs[0]?.attempts.at(-1)?.id ?? "";
  expect(second).not.toBe(first);
  await vi.waitFor(() => expect(processesOf(first)).toEqual([]), WAIT);
  world.release();

  const run = await world.ended();
  expect(run.state).toBe("succeeded");
  expect(attemptsOf(run)).toEqual([
    [1, "lost", "runner_lost"],
    [2, "succeeded", "ok"],
  ]);
});

test("a runner that wakes after its lease ended: what it reports is refused, its attempt stays lost", async () => {
  const world = await runnerWorld();
  const first = (await world.begun(1)).jobs[0]?.attempts[0]?.id ?? "";
  const { pid } = world.runner(first);
  process.kill(pid, "SIGSTOP");
  await vi.waitFor(async () => expect(attemptsOf(await world.view())[0]?.[1]).toBe("lost"), WAIT);

  // The step of the first attempt can end now: its runner wakes with a success in its hands.
  world.release();
  process.kill(pid, "SIGCONT");

  const run = await world.ended();
  expect(attemptsOf(run)).toEqual([
    [1, "lost", "runner_lost"],
    [2, "succeeded", "ok"],
  ]);
  await vi.waitFor(() => expect(world.runner(first).exit).not.toBeNull(), WAIT);
  expect(world.runner(first).exit?.status).not.toBe(RUNNER_EXIT.reported);
  expect(processesOf(first)).toEqual([]);
});
