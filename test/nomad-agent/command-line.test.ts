import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { delta, startDelta } from "../cli/support/delta.ts";
import { temporaryFolder } from "../cli/support/repository.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { findNomadBinary } from "./binary.ts";
import { missingPart } from "./parts.ts";

/** The object that a server command prints when it serves. */
async function firstAnswer(child: ChildProcess): Promise<Record<string, string>> {
  let text = "";
  let talk = "";
  child.stderr?.on("data", (bytes: Buffer) => (talk += bytes.toString()));
  for await (const bytes of child.stdout ?? []) {
    text += String(bytes);
    if (text.trimEnd().endsWith("}")) return JSON.parse(text) as Record<string, string>;
  }
  throw new Error(`it ended without an answer: ${text}${talk}`);
}

/** Ends it as a person would, and waits for that. */
function stopAfterwards(child: ChildProcess): void {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  });
}

describe.runIf(missingPart("agent") === null)("the command line on a Nomad of its own", () => {
  test("`nomad dev`, `up --dispatcher nomad` and `run` lead from nothing to a green run", async () => {
    const { path } = await findNomadBinary();
    const repository = makeSourceRepository({
      ".delta/pipeline.yaml": "version: 1\nname: shop\njobs:\n  a: { steps: [cat hello.txt] }\n",
      "hello.txt": "hello\n",
    });
    onTestFinished(() => repository.remove());
    const cwd = repository.path;
    const env = { DELTA_STATE_DIR: temporaryFolder(), XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? "" };

    const nomad = startDelta(["nomad", "dev", "--json", "--nomad-binary", path ?? ""], { cwd, env });
    stopAfterwards(nomad);
    const { address, config = "" } = await firstAnswer(nomad);
    const doctor = await delta(["nomad", "doctor", "--nomad-config", config], { cwd, env });
    expect(doctor).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/pool default +an attempt would/),
    });

    const dispatcher = ["--dispatcher", "nomad", "--nomad-config", config];
    const up = startDelta(["up", "--json", "--port", "0", ...dispatcher], { cwd, env });
    stopAfterwards(up);
    const { url } = await firstAnswer(up);
    const health = await fetch(`${url}/api/v1/health`);
    expect(await health.json()).toMatchObject({ dispatcher: "nomad" });
    const run = await delta(["run", "--all", "--json"], { cwd, env });
    expect(run, run.stderr).toMatchObject({ code: 0 });
    const jobs = await fetch(`${address}/v1/jobs?prefix=delta-dev-`);
    expect(await jobs.json()).toHaveLength(1);

    const exited = once(nomad, "exit");
    nomad.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(existsSync(join(config, ".."))).toBe(false);
  });
});
