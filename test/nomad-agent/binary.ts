import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, constants, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Older releases lack fixes that the dispatcher builds on; docs/operate/nomad.md names them. */
const KNOWN_VERSION = /^Nomad v(1\.11\.([3-9]|\d\d)|1\.(1[2-9]|[2-9]\d)\.\d+|[2-9]\.\d+\.\d+)/;

const INSTALL =
  "install HashiCorp's release of Nomad, 1.11.3 or newer (its package `nomad`, or the zip of its download page), and put it on PATH or name it in DELTA_NOMAD_BIN";
export const GO_MISSING = `building Nomad needs Go 1.26 or newer; or ${INSTALL}`;

export type FoundBinary =
  | { readonly path: string; readonly version: string }
  | {
      readonly path: null;
      readonly because: string;
      /** False when somebody named a program: then that one is to be right, not another made. */
      readonly canBuild: boolean;
    };

/** DELTA_NOMAD_BIN, then `nomad` on PATH, then the one that `npm run nomad:build` made. */
export async function findNomadBinary(): Promise<FoundBinary> {
  const named = process.env["DELTA_NOMAD_BIN"];
  if (named !== undefined && named !== "") {
    const version = await versionOf(named);
    if (version !== null) return { path: named, version };
    const because = `DELTA_NOMAD_BIN names ${named}, which is no Nomad of a known version (1.11.3 or newer)`;
    return { path: null, because, canBuild: false };
  }
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "nomad"));
  for (const path of [...onPath, await cachedBinaryPath()]) {
    const version = await versionOf(path);
    if (version !== null) return { path, version };
  }
  const because = `there is no Nomad; run "npm run nomad:build" (needs Go), or ${INSTALL}`;
  return { path: null, because, canBuild: true };
}

/** Named by what goes into the build, so another version or platform is another file. */
export async function cachedBinaryPath(): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const name of ["go.mod", "go.sum"]) {
    hash.update(await readFile(join(import.meta.dirname, "build", name)));
  }
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "delta-ci", "nomad", hash.digest("hex").slice(0, 16), "nomad");
}

async function versionOf(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ["version"], { timeout: 20_000 });
    const [first = ""] = stdout.split("\n");
    return KNOWN_VERSION.test(first) ? first : null;
  } catch {
    return null;
  }
}
