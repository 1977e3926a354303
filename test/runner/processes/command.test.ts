import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand, type CommandRequest } from "../../../runner/processes/command.ts";
import { openOutputPipe } from "../../../runner/processes/output-pipe.ts";
import { readProcess } from "../../../runner/processes/process-table.ts";
import { StopSource } from "../../../runner/stop-source.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "delta-command-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function request(script: string, overrides: Partial<CommandRequest> = {}) {
  let text = "";
  const full: CommandRequest = {
    argv: ["/bin/sh", "-c", script],
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", DELTA_ATTEMPT_ID: folder },
    job: { attemptId: folder, folder, sinceTicks: 0 },
    user: null,
    group: null,
    output: { write: (bytes) => ((text += Buffer.from(bytes).toString()), true), room: async () => {} },
    pipeFolder: folder,
    timeoutMs: null,
    stopSignal: "SIGTERM",
    stop: new StopSource(),
    graceMs: () => 200,
    ...overrides,
  };
  return { full, text: () => text };
}

test("a command that cannot be started is a result, not an exception", async () => {
  const { full } = request("", { argv: ["/no/such/file"] });
  expect(await runCommand(full)).toMatchObject({
    exitCode: null,
    spawnError: { code: "ENOENT" },
    gone: true,
  });
});

test("arguments larger than the kernel takes are a result too", async () => {
  const { full } = request("x".repeat(200_000));
  expect(await runCommand(full)).toMatchObject({ exitCode: null, spawnError: { code: "E2BIG" }, gone: true });
});

test("a job cannot raise itself over the runner when memory runs out", async () => {
  const { full, text } = request("cat /proc/self/oom_score_adj");
  await runCommand(full);
  expect(Number(text())).toBe(500);
  const runners = readFileSync("/proc/self/oom_score_adj", "utf8");
  expect(Number(runners)).toBeLessThan(500);
});

test.runIf(process.getuid?.() === 0)(
  "a command of another user has none of the runner's groups, can open its output again, and cannot become root",
  async () => {
    chmodSync(folder, 0o755);
    const user = { uid: 65_534, gid: 65_534 };
    const script = "id -u; id -G; echo again >/dev/stderr; cat /proc/$PPID/environ || echo unreadable";
    const { full, text } = request(script, { user, cwd: "/" });
    expect(await runCommand(full)).toMatchObject({ exitCode: 0, gone: true });
    expect(text()).toMatch(/^65534\n65534\nagain\n.*Permission denied\nunreadable\n$/);
  },
);

test("a stop that came before the start ends the command at once", async () => {
  const stop = new StopSource();
  stop.stop({ kind: "lease_lost", why: "test" });
  const { full } = request("trap '' TERM; sleep 300", { stop });
  expect(await runCommand(full)).toMatchObject({ endedBy: "stop", gone: true, killed: true });
});

test("without mkfifo both outputs still arrive and both ends are seen", async () => {
  const pipe = openOutputPipe(folder, null, "/no/such/mkfifo");
  expect(pipe.source).toBeNull();
  const { full, text } = request("echo out; echo err >&2", {
    env: { PATH: process.env.PATH ?? "" },
    mkfifo: "/no/such/mkfifo",
  });
  expect(await runCommand(full)).toMatchObject({ exitCode: 0 });
  expect(text().split("\n").toSorted()).toEqual(["", "err", "out"]);
});

test("the process table tells a process from what took its number, and leaves zombies out", () => {
  expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid });
  expect(readProcess(2 ** 22 + 1)).toBeNull();
});
