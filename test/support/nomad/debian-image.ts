import { execFile } from "node:child_process";
import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { docker } from "./docker-engine.ts";
import { imageCache } from "./image-cache.ts";

const run = promisify(execFile);
const SUITE = "bookworm";
/** What a job's image brings itself: a shell comes with Debian, git and certificates do not. */
const PACKAGES = "git,ca-certificates";
const BUILD_MS = 10 * 60_000;

/** A small Debian made here from packages, kept as an archive in the user's cache. */
export async function importDebian(folder: string, name: string): Promise<void> {
  await docker(folder, ["import", await debianArchive(), `${name}:1`]);
}

/** Where that archive is; made when it is not there. */
export async function debianArchive(): Promise<string> {
  const archive = join(await imageCache(), `${SUITE}-${PACKAGES.replaceAll(",", "-")}.tar`);
  if (
    await access(archive).then(
      () => true,
      () => false,
    )
  ) {
    return archive;
  }
  const work = await mkdtemp(join(tmpdir(), "delta-debian-"));
  try {
    const root = join(work, "root");
    await run("nice", ["debootstrap", "--variant=minbase", `--include=${PACKAGES}`, SUITE, root], {
      timeout: BUILD_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    const partial = `${archive}.${process.pid}.partial`;
    const exclude = ["--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*", "--exclude=./dev/*"];
    await run("tar", ["--create", "--file", partial, ...exclude, "--directory", root, "."], {
      timeout: BUILD_MS,
    });
    await rename(partial, archive);
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
