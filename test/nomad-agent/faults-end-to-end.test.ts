import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { jobNameOf } from "../../nomad/job-name.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { type Allocation, BreakableNomad, LEFTOVER_MS } from "../support/nomad/breakable-nomad.ts";
import { withDeadline } from "../support/deadline.ts";
import { missingPart } from "./parts.ts";

/** A lease that is not renewed, its retry's delay, and a start: some of them twice. */
const TEST_MS = 480_000;

describe.runIf(missingPart("docker") === null)("an attempt in a container, when something dies", () => {
  let nomad: BreakableNomad;
  beforeAll(async () => {
    nomad = await BreakableNomad.start();
  }, 300_000);
  afterAll(() => nomad?.stop());
  afterEach(() => nomad.mend(), 120_000);

  test("kill -9 of the client's agent, and its return: the same runner carries on", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("client");
    const before = await nomad.containers();
    await nomad.kill("client");
    await nomad.restart("client");
    expect(await nomad.containers()).toEqual(before);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([["succeeded", "ok"]]);
    await nomad.untilNothingIsLeft(world, id, "client");
  });

  test("a restart of client and server in order: the same runner carries on", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("restart");
    const before = await nomad.containers();
    for (const role of ["client", "server"] as const) await nomad.end(role);
    for (const role of ["server", "client"] as const) await nomad.restart(role);
    expect(await nomad.containers()).toEqual(before);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([["succeeded", "ok"]]);
    await nomad.untilNothingIsLeft(world, id, "restart");
  });

  test("no Nomad while the job runs: it completes all the same", { timeout: TEST_MS }, async () => {
    const { world, id } = await nomad.underway("away");
    await nomad.kill("client");
    await nomad.kill("server");
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([["succeeded", "ok"]]);
    await nomad.restart("server");
    await nomad.restart("client");
    await nomad.untilNothingIsLeft(world, id, "away");
  });

  test("no Nomad at the dispatch: it starts once when Nomad is back", { timeout: TEST_MS }, async () => {
    const world = await nomad.startWorld("dispatch");
    await nomad.kill("server");
    const { id } = await nomad.begin(world);
    await world.untilRun(id, "an attempt to be dispatched", ({ jobs }) => jobs[0]?.attempts.length === 1);
    await nomad.restart("server");
    const attempt = await nomad.untilUp(world, id, 1);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([["succeeded", "ok"]]);
    const job = jobNameOf("dispatch", attempt as AttemptId);
    expect(await nomad.ask<Allocation[]>(`/job/${job}/allocations?all=true`)).toHaveLength(1);
    await nomad.untilNothingIsLeft(world, id, "dispatch");
  });

  test("no Nomad at a cancel: the runner stops, and Nomad learns of it later", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("cancel");
    await nomad.kill("server");
    await world.cancel(id);
    expect(await nomad.ended(world, id)).toEqual([["canceled", "canceled_run"]]);
    await nomad.untilNoContainer();
    await nomad.restart("server");
    await nomad.untilNothingIsLeft(world, id, "cancel");
  });

  test("kill -9 of the container: the attempt is lost, and the next one carries the job out", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("container");
    await nomad.docker(["kill", "--signal=KILL", ...(await nomad.containers())]);
    await nomad.untilUp(world, id, 2);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([
      ["lost", "runner_lost"],
      ["succeeded", "ok"],
    ]);
    await nomad.untilNothingIsLeft(world, id, "container");
  });

  test("kill -9 of the Docker engine, and its return: no attempt is carried out twice", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("engine");
    await nomad.kill("docker");
    await nomad.restart("docker");
    await nomad.untilUp(world, id, 2);
    await nomad.go();
    // Without live restore the new engine ends what the old one left: with a word, if there was time for it.
    const [first, ...rest] = await nomad.ended(world, id);
    expect([
      ["failed", "runner_error"],
      ["lost", "runner_lost"],
    ]).toContainEqual(first);
    expect(rest).toEqual([["succeeded", "ok"]]);
    await nomad.untilNothingIsLeft(world, id, "engine");
  });

  test("a second start of the same allocation claims nothing", { timeout: TEST_MS }, async () => {
    const { world, id, job } = await nomad.underway("twice");
    const [first = ""] = await nomad.containers();
    await nomad.kill("client");
    await nomad.docker(["rm", "--force", first]);
    // The client cannot find its task, and starts it again: no restart policy is asked.
    await nomad.restart("client");
    await withDeadline("the second runner to be refused", LEFTOVER_MS, async () => {
      const [{ TaskStates }] = await nomad.ask<[{ TaskStates: object }]>(`/job/${job}/allocations`);
      return JSON.stringify(TaskStates).includes(`"exit_code":"${RUNNER_EXIT.claim_refused}"`);
    });
    await world.untilLog(/already_claimed.*a claim was refused/);
    const [allocation, ...others] = await nomad.ask<(Allocation & { TaskStates: object })[]>(
      `/job/${job}/allocations?all=true`,
    );
    expect(others).toEqual([]);
    expect(JSON.stringify(allocation?.TaskStates)).toMatch(/"Type":"Started".*"Type":"Started"/);
    await nomad.untilUp(world, id, 2);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([
      ["lost", "runner_lost"],
      ["succeeded", "ok"],
    ]);
    await nomad.untilNothingIsLeft(world, id, "twice");
  });

  test("a drain to its deadline: the attempt ends, the next one waits for a node", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await nomad.underway("drain");
    const [node] = await nomad.ask<[{ ID: string }]>("/nodes");
    const spec = { Deadline: 1_000_000_000, IgnoreSystemJobs: true };
    await nomad.ask(`/node/${node.ID}/drain`, "POST", { DrainSpec: spec, MarkEligible: false });
    const why = /^not placed: node pool "default" has no node that takes work now/;
    await world.untilRun(id, "the next attempt to say why it waits", ({ jobs }) =>
      why.test(jobs[0]?.attempts[1]?.pending ?? ""),
    );
    await nomad.ask(`/node/${node.ID}/drain`, "POST", { DrainSpec: null, MarkEligible: true });
    await nomad.untilUp(world, id, 2);
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([
      ["failed", "runner_error"],
      ["succeeded", "ok"],
    ]);
    await nomad.untilNothingIsLeft(world, id, "drain");
  });

  test.each(["stopped", "purged"])(
    "a job that is %s by hand: the attempt ends, the next one carries the job out",
    { timeout: TEST_MS },
    async (how) => {
      const { world, id, job } = await nomad.underway(how);
      await nomad.ask(`/job/${job}?purge=${how === "purged"}`, "DELETE");
      await nomad.untilUp(world, id, 2);
      await nomad.go();
      expect(await nomad.ended(world, id)).toEqual([
        ["failed", "runner_error"],
        ["succeeded", "ok"],
      ]);
      await nomad.untilNothingIsLeft(world, id, how);
    },
  );

  test("garbage collection while the job runs and after its end changes nothing", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id, job } = await nomad.underway("garbage");
    const collect = () => nomad.fetch("/system/gc", "PUT");
    await collect();
    await nomad.go();
    expect(await nomad.ended(world, id)).toEqual([["succeeded", "ok"]]);
    await withDeadline("Nomad to forget the job", 60_000, async () => {
      await collect();
      return (await nomad.fetch(`/job/${job}`)).status === 404;
    });
    await nomad.untilNothingIsLeft(world, id, "garbage");
  });
});
