import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, realpath, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface RunnerFolderSources {
  /** A Node 24 program linked against glibc. */
  readonly nodeBinary: string;
  /** The runner as one bundled file. */
  readonly runnerScript: string;
}

/**
 * To be executed, not read. The kernel makes a process whose program its user cannot read undumpable:
 * nobody without CAP_SYS_PTRACE over it, its own user included, can trace it or read its memory,
 * environment or open files under /proc (ADR 28).
 */
const LOADER_MODE = 0o111;

/**
 * How a task starts the runner: by the folder's own loader with the folder's own libraries, so that
 * the image needs no C library, and none of its variables reach what a step starts.
 */
export function runnerCommand(folder: string): readonly string[] {
  const library = `${folder}/lib`;
  return [`${library}/loader`, "--library-path", library, `${folder}/bin/node`, `${folder}/delta-runner.mjs`];
}

/**
 * Makes the folder that a Nomad client offers as a read-only host volume: Node, its libraries and
 * loader, one script. It runs in any Linux image of the same processor, musl and empty ones
 * included. An existing folder's files are replaced one by one, each by a rename, so runners that
 * start meanwhile see the old file or the new one.
 */
export async function buildRunnerFolder(target: string, sources: RunnerFolderSources): Promise<void> {
  const { loader, libraries } = await linkedLibraries(sources.nodeBinary);
  await mkdir(join(target, "bin"), { recursive: true });
  await mkdir(join(target, "lib"), { recursive: true });
  await place(loader, join(target, "lib", "loader"), LOADER_MODE);
  for (const library of libraries) await place(library, join(target, "lib", basename(library)), 0o644);
  await place(sources.nodeBinary, join(target, "bin", "node"), 0o755);
  await place(sources.runnerScript, join(target, "delta-runner.mjs"), 0o644);
}

async function place(from: string, to: string, mode: number): Promise<void> {
  const partial = `${to}.${process.pid}.partial`;
  try {
    await copyFile(await realpath(from), partial);
    await chmod(partial, mode);
    await rename(partial, to);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new Error(`cannot place ${from} at ${to}`, { cause });
  }
}

/** Asks the system's own `ldd`; a line is `name => path (address)` or, for the loader, `path (address)`. */
async function linkedLibraries(program: string): Promise<{ loader: string; libraries: string[] }> {
  let text: string;
  try {
    ({ stdout: text } = await run("ldd", ["--", await realpath(program)]));
  } catch (cause) {
    throw new Error(`cannot list the libraries of ${program}; ldd must know it`, { cause });
  }
  const missing = /^\s*(\S+) => not found/m.exec(text);
  if (missing !== null) throw new Error(`${program} needs ${missing[1]}, which is not on this machine`);
  const libraries = [...text.matchAll(/=> (\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  const loader =
    /^\s*(\/\S*ld-linux\S*) \(0x/m.exec(text)?.[1] ?? libraries.find((path) => /ld-linux/.test(path));
  if (loader === undefined) throw new Error(`${program} is not linked against glibc`);
  return { loader, libraries: libraries.filter((path) => path !== loader) };
}
