import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { buildJobBody } from "../../nomad/job-body.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { allocationsOf, untilGone, untilObserved } from "../support/nomad/cluster.ts";
import { withDeadline } from "../support/deadline.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { taskProcesses } from "../support/nomad/task-processes.ts";
import { missingPart } from "./parts.ts";

const sleeper = rawExecProfile({
  command: "/bin/sh",
  args: ["-c", "exec sleep 3600"],
  workspaceRoot: "/tmp",
  user: null,
});

describe.runIf(missingPart("agent") === null)("when parts of a real Nomad die", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent();
  });
  afterAll(() => agent.stop());
  const cluster = { context: () => agent.logTail() };

  const running = async () => {
    const config = nomadConfig(agent.address, { requestTimeoutMs: 2_000, pools: { long: poolOf(sleeper) } });
    const dispatcher = new NomadDispatcher(config);
    const request = dispatchRequest();
    const job = jobNameOf(config.installation, request.attemptId);
    onTestFinished(async () => {
      await untilGone(cluster, dispatcher, request.attemptId);
      expect(await taskProcesses(job)).toEqual([]);
      await dispatcher.close();
    });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    await untilObserved(cluster, dispatcher, request.attemptId, (seen) => seen.state === "running");
    await withDeadline("the task's process", 60_000, async () => (await taskProcesses(job)).length === 1);
    const [pid] = (await taskProcesses(job)) as [number];
    return { dispatcher, request, job, pid };
  };
  const stillTheSame = async ({ dispatcher, request, job, pid }: Awaited<ReturnType<typeof running>>) => {
    await untilObserved(cluster, dispatcher, request.attemptId, (seen) => seen.state === "running");
    expect(await taskProcesses(job)).toEqual([pid]);
    expect(await allocationsOf(agent, job)).toBe(1);
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    expect(await allocationsOf(agent, job)).toBe(1);
  };

  test("a killed client leaves its runner alone, and takes it up again", async () => {
    const world = await running();
    await agent.kill("client");
    expect(await taskProcesses(world.job)).toEqual([world.pid]);
    await agent.restart("client");
    await stillTheSame(world);
  });

  test("a killed server loses nothing; calls meanwhile have an unknown outcome", async () => {
    const world = await running();
    await agent.kill("server");
    const { attemptId } = world.request;
    expect(await world.dispatcher.dispatch(world.request)).toMatchObject({ status: "unknown" });
    expect(await world.dispatcher.stop({ attemptId, graceMs: 0 })).toMatchObject({ status: "unknown" });
    await expect(world.dispatcher.observe([attemptId])).rejects.toMatchObject({ failure: "unreachable" });
    expect(await taskProcesses(world.job)).toEqual([world.pid]);
    await agent.restart("server");
    await stillTheSame(world);
  });

  test("killed server and client, started again, go on with the same runner", async () => {
    const world = await running();
    await agent.kill("client");
    await agent.kill("server");
    await agent.restart("server");
    await agent.restart("client");
    await stillTheSame(world);
  });

  test("a dispatch that meets no Nomad is carried out once after it is back", async () => {
    const config = nomadConfig(agent.address, { requestTimeoutMs: 2_000, pools: { long: poolOf(sleeper) } });
    const dispatcher = new NomadDispatcher(config);
    onTestFinished(() => dispatcher.close());
    const request = dispatchRequest();
    await agent.kill("server");
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "unknown" });
    await agent.restart("server");
    await withDeadline(
      "the dispatch",
      60_000,
      async () => (await dispatcher.dispatch(request)).status === "accepted",
    );
    await untilObserved(cluster, dispatcher, request.attemptId, (seen) => seen.state === "running");
    expect(await allocationsOf(agent, jobNameOf(config.installation, request.attemptId))).toBe(1);
    await untilGone(cluster, dispatcher, request.attemptId);
  });

  test("a runner that is killed is not started again", async () => {
    const { dispatcher, request, job, pid } = await running();
    process.kill(pid, "SIGKILL");
    const seen = await untilObserved(cluster, dispatcher, request.attemptId, (one) => one.state === "exited");
    expect(seen).toMatchObject({ exitCode: 137, outOfMemory: false });
    expect(await allocationsOf(agent, job)).toBe(1);
  });

  test("a client that is away for longer than Nomad waits: its runner is called lost, and ends when it is back", async () => {
    const config = nomadConfig(agent.address, { pools: { long: poolOf(sleeper) } });
    const dispatcher = new NomadDispatcher(config);
    onTestFinished(() => dispatcher.close());
    const request = dispatchRequest();
    const body = buildJobBody(config, request);
    if (!body.ok) throw new Error(body.refusal);
    // What is hours in an attempt's own job is seconds in this one.
    const sent = body.text.replace(/"LostAfter":\d+/, '"LostAfter":5000000000');
    const answer = await fetch(`${agent.address}/v1/jobs`, { method: "POST", body: sent });
    expect(answer.status).toBe(200);
    const { attemptId } = request;
    const job = jobNameOf(config.installation, attemptId);
    await untilObserved(cluster, dispatcher, attemptId, (seen) => seen.state === "running");
    await withDeadline("the task's process", 60_000, async () => (await taskProcesses(job)).length === 1);
    const [pid] = await taskProcesses(job);

    await agent.kill("client");
    const lost = "node client was lost to Nomad";
    await untilObserved(cluster, dispatcher, attemptId, ({ detail }) => detail === lost, 60_000);
    expect(await taskProcesses(job)).toEqual([pid]);
    // Nobody has seen it end, so nobody says that it has.
    expect(await dispatcher.stop({ attemptId, graceMs: 0 })).toEqual({ status: "stopping" });
    await agent.restart("client");
    await untilGone(cluster, dispatcher, attemptId);
    await withDeadline("the task to end", 60_000, async () => (await taskProcesses(job)).length === 0);
  }, 180_000);

  test("a job that somebody stops or purges by hand is seen, and not placed anew", async () => {
    const stopped = await running();
    await fetch(`${agent.address}/v1/job/${stopped.job}`, { method: "DELETE" });
    const end = await untilObserved(
      cluster,
      stopped.dispatcher,
      stopped.request.attemptId,
      (one) => one.state === "exited",
    );
    expect(end.detail).toMatch(/^stopped/);
    expect(await stopped.dispatcher.dispatch(stopped.request)).toMatchObject({ status: "refused" });

    const purged = await running();
    await fetch(`${agent.address}/v1/job/${purged.job}?purge=true`, { method: "DELETE" });
    await untilObserved(
      cluster,
      purged.dispatcher,
      purged.request.attemptId,
      (one) => one.state === "absent",
    );
    await withDeadline("the task to end", 60_000, async () => (await taskProcesses(purged.job)).length === 0);
  });

  test("a drained node ends its runner at the deadline, and nothing takes its place", async () => {
    const { dispatcher, request, job } = await running();
    const [node] = (await (await fetch(`${agent.address}/v1/nodes`)).json()) as [{ ID: string }];
    const drain = async (spec: object | null, eligible: boolean) => {
      const body = JSON.stringify({ DrainSpec: spec, MarkEligible: eligible });
      const answer = await fetch(`${agent.address}/v1/node/${node.ID}/drain`, { method: "POST", body });
      expect(answer.status).toBe(200);
    };
    await drain({ Deadline: 1_000_000_000, IgnoreSystemJobs: true }, false);
    const seen = await untilObserved(cluster, dispatcher, request.attemptId, (one) => one.state === "exited");
    expect(seen).toMatchObject({ detail: expect.stringMatching(/^stopped/) });
    await drain(null, true);
    expect(await allocationsOf(agent, job)).toBe(1);
    expect((await dispatcher.list(null)).attempts).toEqual([]);
  });
});
