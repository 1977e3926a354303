import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { debianArchive } from "./debian-image.ts";
import { imageCache } from "./image-cache.ts";

const run = promisify(execFile);
const PLACE = "usr/local/bin/node";

/** The Debian of other tests with the Node that runs this one, which the steps of the demo call. An archive in the cache. */
export async function demoArchive(): Promise<string> {
  const archive = join(await imageCache(), `demo-node-${process.versions.node}.tar`);
  const isThere = await stat(archive).catch(() => null);
  if (isThere !== null) return archive;
  const work = await mkdtemp(join(tmpdir(), "delta-demo-image-"));
  const partial = `${archive}.${process.pid}.partial`;
  try {
    await mkdir(dirname(join(work, PLACE)), { recursive: true });
    await copyFile(process.execPath, join(work, PLACE));
    await copyFile(await debianArchive(), partial);
    await run("tar", ["--append", "--owner=0", "--group=0", "--file", partial, "--directory", work, PLACE]);
    await rename(partial, archive);
    return archive;
  } finally {
    await rm(partial, { force: true });
    await rm(work, { recursive: true, force: true });
  }
}
