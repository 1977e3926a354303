import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DevAgent, startDevAgent } from "../../nomad/index.ts";
import { taskProcesses } from "../support/nomad/task-processes.ts";
import { findNomadBinary } from "./binary.ts";
import { missingPart } from "./parts.ts";

const JOB = "stubborn";

/** A throw-away agent whose one task hears no signal and has a minute to end. */
async function startWithStubbornTask(): Promise<{ readonly agent: DevAgent; readonly folder: string }> {
  const { path } = await findNomadBinary();
  const agent = await startDevAgent({ nomad: path ?? "", runner: ["/bin/true"] });
  onTestFinished(async () => void (await agent.stop()));
  const folder = dirname(agent.configFile);
  const task = {
    Name: "runner",
    Driver: "raw_exec",
    Config: { command: "/bin/sh", args: ["-c", 'trap "" TERM INT; while :; do sleep 1; done'] },
    Resources: { CPU: 100, MemoryMB: 64 },
    LogConfig: { MaxFiles: 2, MaxFileSizeMB: 5 },
    KillTimeout: 60e9,
  };
  const group = { Name: "attempt", Count: 1, EphemeralDisk: { SizeMB: 100 }, Tasks: [task] };
  const job = { ID: JOB, Name: JOB, Type: "batch", Datacenters: ["*"], TaskGroups: [group] };
  const answer = await fetch(`${agent.address}/v1/jobs`, {
    method: "POST",
    body: JSON.stringify({ Job: job }),
  });
  expect(answer.status).toBe(200);
  // The executor and its child, the task.
  await expect.poll(async () => (await taskProcesses(JOB)).length).toBeGreaterThan(0);
  await expect.poll(() => mountsBelow(folder)).not.toEqual([]);
  return { agent, folder };
}

const mountsBelow = (folder: string): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${folder}/`));

function agentProcess(folder: string): number {
  const isAgent = (name: string): boolean => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").endsWith(`${join(folder, "agent.json")}\0`);
    } catch {
      return false;
    }
  };
  return Number(readdirSync("/proc").find((name) => /^\d+$/.test(name) && isAgent(name)));
}

async function expectNothingLeft(folder: string): Promise<void> {
  expect(mountsBelow(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
  expect(await taskProcesses(JOB)).toEqual([]);
}

describe.runIf(missingPart("agent") === null)("a throw-away agent with a task that does not end", () => {
  test("that is killed leaves nothing once it is stopped, and what was killed is told", async () => {
    const { agent, folder } = await startWithStubbornTask();
    process.kill(agentProcess(folder), "SIGKILL");
    expect(await agent.ended).toBe("it ended with SIGKILL");
    expect(await agent.stop()).toMatch(
      /^Nomad left processes running, which were killed: .*\d+ \/bin\/sh -c/,
    );
    await expectNothingLeft(folder);
  });

  test("stops within the time it has, which is less than its task's", async () => {
    const { agent, folder } = await startWithStubbornTask();
    expect(await agent.stop()).toMatch(/^Nomad did not end by itself and was killed, and so was .*\/bin\/sh/);
    await expectNothingLeft(folder);
  });

  test("stops at once when it is told to", async () => {
    const { agent, folder } = await startWithStubbornTask();
    expect(await agent.stop(AbortSignal.abort())).toMatch(/^Nomad did not end by itself and was killed/);
    await expectNothingLeft(folder);
  });
});
