import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { buildRunnerFolder } from "../../../nomad/runner-folder.ts";

/** The folder that operators put on each client, built from this checkout with the Node that runs the test. */
export async function buildTestRunnerFolder(target: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "delta-bundle-"));
  try {
    const runnerScript = join(work, "delta-runner.mjs");
    await bundleRunner(runnerScript);
    await buildRunnerFolder(target, { nodeBinary: process.execPath, runnerScript });
  } finally {
    await rm(work, { recursive: true });
  }
}

/** The runner as one file, as the build makes it. */
export async function bundleRunner(file: string): Promise<void> {
  const entry = join(import.meta.dirname, "../../../runner/main.ts");
  const bundle = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
  await bundle.write({ file, format: "esm", codeSplitting: false });
  await bundle.close();
}
