import { spawn } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { cachedBinaryPath, findNomadBinary, GO_MISSING } from "../binary.ts";

/**
 * Compiles the Nomad agent that the tests run, unless a known one is there already, and returns its path.
 * Throws an Error that says how to install the official release when there is no Go.
 */
export async function buildNomad(say: (line: string) => void): Promise<string> {
  const found = await findNomadBinary();
  if (found.path !== null) {
    say(`${found.path}: ${found.version}`);
    return found.path;
  }
  if (!found.canBuild) throw new Error(found.because);
  const target = await cachedBinaryPath();
  say(`building Nomad into ${target}; this takes some minutes`);
  await compile(target);
  const built = await findNomadBinary();
  if (built.path === null) throw new Error(built.because);
  say(`${built.path}: ${built.version}`);
  return built.path;
}

/** Built beside its place and renamed, so that a build that was cut short leaves no half a program. */
async function compile(target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const partial = join(dirname(target), `partial-${process.pid}`);
  const args = ["build", "-mod=readonly", "-trimpath", "-tags", "hashicorpmetrics", "-o", partial];
  const child = spawn("go", [...args, "github.com/hashicorp/nomad"], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(GO_MISSING, { cause })));
    child.once("spawn", () => setPriority(child.pid ?? 0, constants.priority.PRIORITY_LOW));
    child.once("close", resolve);
  });
  if (status !== 0) {
    await rm(partial, { force: true });
    throw new Error(`go build ended with status ${status}`);
  }
  await rename(partial, target);
}
