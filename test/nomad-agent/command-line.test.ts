import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { StartedDelta } from "../cli/support/started-delta.ts";
import { temporaryFolder } from "../cli/support/repository.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { threadList } from "../support/thread-list.ts";
import { TimedSteps } from "../support/timed-steps.ts";
import { findNomadBinary } from "./binary.ts";
import { missingPart } from "./parts.ts";

/** What a log tells of its last moments. */
const LOG_LINES = 30;

/** The commands of one test, in a repository of its own, and what can be seen of them when one hangs. */
function commandLine() {
  const repository = makeSourceRepository({
    ".delta/pipeline.yaml": "version: 1\nname: shop\njobs:\n  a: { steps: [cat hello.txt] }\n",
    "hello.txt": "hello\n",
  });
  onTestFinished(() => repository.remove());
  const state = temporaryFolder();
  const logs = [join(state, "control-plane.log")];
  const folders: string[] = [state];
  const started: StartedDelta[] = [];
  const start = (...args: string[]): StartedDelta => {
    const env = { DELTA_STATE_DIR: state, XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? "" };
    const one = new StartedDelta(args, { cwd: repository.path, env });
    started.push(one);
    onTestFinished(async () => void (await one.stop()));
    return one;
  };
  const seen = async (): Promise<string> => {
    // First of all: what hangs may be ended soon.
    const threads = threadList(
      started.map(({ child }) => child.pid ?? -1),
      folders,
    );
    const tails = await Promise.all(logs.map(async (path) => `── ${path}\n${await logTail(path)}`));
    return [...started.map((one) => one.described()), ...tails, threads].join("\n");
  };
  return { start, steps: new TimedSteps(seen), logs, folders };
}

async function logTail(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: Error) => error.message);
  return text.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}

describe.runIf(missingPart("agent") === null)("the command line on a Nomad of its own", () => {
  test("`nomad dev`, `up --dispatcher nomad` and `run` lead from nothing to a green run", async () => {
    const { path } = await findNomadBinary();
    const { start, steps, logs, folders } = commandLine();

    const nomad = start("nomad", "dev", "--json", "--nomad-binary", path ?? "");
    const { address, config = "" } = await steps.step("Nomad is up", 80_000, nomad.answer());
    const folder = dirname(config);
    folders.push(folder);
    logs.push(join(folder, "nomad.log"));
    const doctor = start("nomad", "doctor", "--nomad-config", config);
    expect(await steps.step("the doctor has looked", 20_000, doctor.ended()), doctor.stderr).toEqual([
      0,
      null,
    ]);
    expect(doctor.stdout).toMatch(/pool default +an attempt would/);

    const up = start("up", "--json", "--port", "0", "--dispatcher", "nomad", "--nomad-config", config);
    const { url } = await steps.step("the control plane is up", 50_000, up.answer());
    const health = await steps.step("its health", 5_000, fetch(`${url}/api/v1/health`));
    expect(await health.json()).toMatchObject({ dispatcher: "nomad" });
    const run = start("run", "--all", "--json");
    expect(await steps.step("the run has ended", 50_000, run.ended()), run.described()).toEqual([0, null]);
    const jobs = await steps.step("its job", 5_000, fetch(`${address}/v1/jobs?prefix=delta-dev-`));
    expect(await jobs.json()).toHaveLength(1);

    // Shorter than the agent has before it is killed: what it waits for is still there to be seen.
    expect(await steps.step("Nomad has stopped", 15_000, nomad.stop())).toEqual([0, null]);
    expect(nomad.stderr).toBe("");
    expect(existsSync(folder)).toBe(false);
  });
});
