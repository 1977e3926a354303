import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { endLeftProcesses, removeAgentFolder } from "../../nomad/dev-leftovers.ts";

/** Of an agent's folder, and of a task's below it, as Nomad lays them out. */
function agentFolder(): { readonly folder: string; readonly secrets: string } {
  const folder = mkdtempSync(join(tmpdir(), "delta nomad-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = join(folder, "NomadClient1", "allocation", "runner", "secrets");
  mkdirSync(secrets, { recursive: true });
  writeFileSync(join(secrets, "runner.json"), "{}");
  return { folder, secrets };
}

/** `chattr` needs root and a file system that has the attribute. */
function canKeep(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "delta-keep-"));
  const kept = join(folder, "kept");
  writeFileSync(kept, "");
  const isKept = spawnSync("chattr", ["+i", kept]).status === 0;
  if (isKept) execFileSync("chattr", ["-i", kept]);
  rmSync(folder, { recursive: true });
  return isKept;
}

describe.runIf(process.platform === "linux")("what a throw-away agent left", () => {
  test.runIf(process.getuid?.() === 0)("a folder that is mounted far below goes, and its mount", async () => {
    const { folder, secrets } = agentFolder();
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", secrets]);
    const looking = spawn("sleep", ["60"], { cwd: secrets });
    onTestFinished(() => void looking.kill("SIGKILL"));
    await once(looking, "spawn");
    await removeAgentFolder(folder);
    expect(existsSync(folder)).toBe(false);
    expect(execFileSync("mount", { encoding: "utf8" })).not.toContain(secrets);
  });

  test.runIf(canKeep())(
    "a folder that cannot go is told within seconds, however deep it is",
    async () => {
      const { folder, secrets } = agentFolder();
      const kept = join(secrets, "runner.json");
      execFileSync("chattr", ["+i", kept]);
      onTestFinished(() => void execFileSync("chattr", ["-i", kept]));
      await expect(removeAgentFolder(folder)).rejects.toThrow(`the folder ${folder} stays: E`);
    },
    30_000,
  );

  test("its tasks and what they started end, and a program that knows a file of it goes on", async () => {
    const { folder } = agentFolder();
    const start = (env: Record<string, string>) => {
      const child = spawn("sleep", ["60"], { env: { PATH: process.env["PATH"], ...env } });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    };
    const task = start({ NOMAD_ALLOC_DIR: join(folder, "NomadClient1", "allocation", "alloc") });
    const step = start({ TMPDIR: join(folder, "workspaces", "attempt-1", "tmp") });
    const executor = start({ TMPDIR: folder });
    const other = start({ TMPDIR: `${folder}-other`, DELTA_NOMAD_CONFIG: join(folder, "delta-nomad.json") });
    const ends = [task, step, executor].map(async (child) => await once(child, "exit"));
    const ended = await endLeftProcesses(folder);
    expect(new Set(ended.map(({ pid }) => pid))).toEqual(new Set([task.pid, step.pid, executor.pid]));
    expect(ended.map(({ command }) => command)).toEqual(Array.from({ length: 3 }, () => "sleep 60"));
    expect(await Promise.all(ends)).toEqual(Array.from({ length: 3 }, () => [null, "SIGKILL"]));
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });
});
