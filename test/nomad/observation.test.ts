import { describe, expect, test } from "vitest";
import type { AllocationStub, TaskEvent } from "../../nomad/api-types.ts";
import { isGone, type JobFacts, observationOf } from "../../nomad/observation.ts";
import type { AttemptId } from "../../schemas/ids.ts";

const attemptId = "01a203de-6e2b-76fd-98de-425d699a4157" as AttemptId;

const allocation = (changes: Partial<AllocationStub>, events: TaskEvent[] = []): AllocationStub => ({
  ID: "a",
  JobID: "j",
  NodeName: "n1",
  DesiredStatus: "run",
  ClientStatus: "running",
  TaskStates: { runner: { State: "running", Failed: false, Events: events } },
  CreateIndex: 10,
  ...changes,
});

const facts = (changes: Partial<JobFacts>): JobFacts => ({
  isStopped: false,
  isDead: false,
  allocations: [],
  evaluations: [],
  ...changes,
});

const seen = (...allocations: AllocationStub[]) => observationOf(attemptId, facts({ allocations }));

describe("what Nomad shows, in our words", () => {
  test("a killed task that reads complete has no exit code and says who wanted it", () => {
    const killed = [{ Type: "Killed", DisplayMessage: "Task successfully killed" }];
    const one = allocation(
      { ClientStatus: "complete", DesiredStatus: "stop", DesiredDescription: "drained" },
      killed,
    );
    expect(seen(one)).toMatchObject({ state: "exited", detail: "stopped: drained", exitCode: null });
  });

  test("out of memory is told, also where Nomad calls the end complete", () => {
    const ended = [{ Type: "Terminated", Details: { exit_code: "137", oom_killed: "true" } }];
    const one = allocation({ ClientStatus: "complete" }, ended);
    expect(seen(one)).toMatchObject({ outOfMemory: true, exitCode: 137, detail: "killed: out of memory" });
  });

  test("a failed pull names the image's trouble", () => {
    const events = [{ Type: "Driver Failure", DisplayMessage: "Failed to pull `nope`: not found" }];
    expect(seen(allocation({ ClientStatus: "failed" }, events))).toMatchObject({
      detail: "Failed to pull `nope`: not found",
      start: "no_image",
    });
  });

  test("an image that is being pulled is pending, and says so", () => {
    const events = [{ Type: "Driver", DisplayMessage: "Downloading image" }];
    expect(seen(allocation({ ClientStatus: "pending" }, events))).toMatchObject({
      state: "pending",
      detail: "placed on node n1: the image is being pulled",
    });
  });

  test("a client that is away leaves the attempt running", () => {
    expect(seen(allocation({ ClientStatus: "unknown" }))).toMatchObject({
      state: "running",
      detail: expect.stringContaining("lost contact with node n1"),
    });
  });

  test("of a lost allocation and its replacement the living one counts", () => {
    const lost = allocation({ ClientStatus: "complete", CreateIndex: 20 });
    expect(seen(lost, allocation({ CreateIndex: 15, NodeName: "n2" })).detail).toBe("on node n2");
  });

  test("a time limit of Nomad's own is named", () => {
    const one = allocation({
      ClientStatus: "complete",
      ClientDescription: "allocation exceeded max_run_duration",
    });
    expect(seen(one).detail).toBe("allocation exceeded max_run_duration");
  });
});

describe("gone", () => {
  const ended = allocation({ ClientStatus: "complete" });
  test.each<readonly [string, Partial<JobFacts>, boolean]>([
    ["dead, its client reported the end", { isDead: true, allocations: [ended] }, true],
    ["dead and never placed", { isDead: true }, true],
    ["stopped, an evaluation still open", { isStopped: true }, false],
    ["dead, but its processes have not ended", { isDead: true, allocations: [allocation({})] }, false],
    [
      "dead, its client away",
      { isDead: true, allocations: [allocation({ ClientStatus: "unknown" })] },
      false,
    ],
    ["dead, its node lost", { isDead: true, allocations: [allocation({ ClientStatus: "lost" })] }, false],
  ])("%s", (_what, changes, expected) => {
    expect(isGone(facts(changes))).toBe(expected);
  });
});
