import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { environment, ROOT } from "./support/delta.ts";
import { processesOf, whenGone, whenItSays } from "./support/processes.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const CONTROL_C = "\u0003";
const hasScript = spawnSync("script", ["--version"]).status === 0;
if (!hasScript)
  console.warn("skipped: `script` of util-linux gives these tests their terminal, and is not on PATH");

interface Terminal {
  readonly folder: string;
  readonly state: string;
  type(text: string): void;
  /** All that was written to the terminal so far. */
  readonly screen: () => string;
  /** The exit code of the command. */
  ended(): Promise<number | null>;
}

/** `delta run` of one job on a pseudo terminal of its own. */
function runOnTerminal(step: (folder: string) => string, size = "cols 100 rows 30"): Terminal {
  const folder = temporaryFolder();
  const state = temporaryFolder();
  const { path } = makeRepository({
    ".delta/pipeline.yaml": `version: 1\njobs:\n  slow:\n    steps:\n      - run: ${step(folder)}\n`,
  });
  const command = `stty ${size}; exec '${process.execPath}' '${join(ROOT, "cli", "delta.js")}' run --all`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: path,
    env: environment({ DELTA_STATE_DIR: state, TERM: "xterm", SHELL: "/bin/sh" }),
  });
  let screen = "";
  child.stdout.on("data", (bytes: Buffer) => (screen += bytes.toString()));
  const closed = once(child, "close");
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    folder,
    state,
    type: (text) => void child.stdin.write(text),
    screen: () => screen,
    ended: async () => ((await closed) as [number | null])[0],
  };
}

describe.skipIf(!hasScript)("delta run on a terminal", { timeout: 300_000 }, () => {
  test("redraws its lines in place while jobs run, and leaves the table", async () => {
    const terminal = runOnTerminal((folder) => `while [ ! -e ${folder}/go ]; do sleep 0.1; done`);
    await whenItSays(terminal.screen, "0 of 1 jobs ended");
    await whenItSays(terminal.screen, "\u001b[2K\u001b[1A");
    spawnSync("touch", [join(terminal.folder, "go")]);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen()).toMatch(/succeeded.*slow/);
    expect(terminal.screen()).toContain("\u001b[?25h");
    expect(await processesOf(terminal.state)).toEqual([]);
  });

  test("a terminal without a size gets plain lines", async () => {
    const terminal = runOnTerminal(() => "echo done", "cols 0 rows 0");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen()).toMatch(/✓.*slow[^]*STATE +JOB/);
    expect(terminal.screen()).not.toContain("\u001b[?25l");
  });

  test("Ctrl-C cancels the run, waits for its jobs and ends with 130", async () => {
    const terminal = runOnTerminal(
      (folder) =>
        `trap 'echo stopped > ${folder}/ended; exit 1' TERM; echo started > ${folder}/started; while true; do sleep 0.1; done`,
    );
    const read = (name: string): string => readFileSync(join(terminal.folder, name), "utf8");
    await whenItSays(() => read("started"), "started");
    terminal.type(CONTROL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.screen()).toContain("Canceling; the jobs are being stopped.");
    expect(terminal.screen()).toMatch(/canceled.*slow/);
    expect(read("ended")).toBe("stopped\n");
    expect(await processesOf(terminal.state)).toEqual([]);
    expect(await processesOf(terminal.folder)).toEqual([]);
  });

  test("a second Ctrl-C does not wait for a job that will not stop, and ends with 130", async () => {
    const terminal = runOnTerminal(
      (folder) =>
        `trap 'sleep 0.5; echo asked > ${folder}/asked' TERM; echo started > ${folder}/started; while true; do sleep 0.1 || true; done`,
    );
    const read = (name: string): string => readFileSync(join(terminal.folder, name), "utf8");
    await whenItSays(() => read("started"), "started");
    terminal.type(CONTROL_C);
    // By then it is no longer the same press twice.
    await whenItSays(() => read("asked"), "asked");
    terminal.type(CONTROL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.screen()).toContain("stopped without waiting for the run to end");
    await whenGone(terminal.state);
    await whenGone(terminal.folder);
  });
});
