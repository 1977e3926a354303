import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildRunnerFolder } from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";

/** Makes the folder out of the Node that runs this, and of the runner of this package. Returns where it is. */
export async function makeRunnerFolder(folder: string): Promise<string> {
  const target = resolve(folder);
  try {
    await buildRunnerFolder(target, { nodeBinary: process.execPath, runnerScript: bundledRunner() });
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const hint = "It needs Linux with glibc, and a folder that can be written.";
    throw new CliFailure("state_unwritable", `${target}: ${(error as Error).message}`, hint, error);
  }
  return target;
}

/** Beside the built command line, or where a checkout builds it. */
function bundledRunner(): string {
  const places = ["../runner/main.js", "../dist/runner/main.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (found !== undefined) return found;
  throw new CliFailure("file_unreadable", "this checkout has no built runner", "`npm run build` makes it.");
}
