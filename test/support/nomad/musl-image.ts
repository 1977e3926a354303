import { execFile } from "node:child_process";
import { access, copyFile, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { docker } from "./docker-engine.ts";
import { imageCache } from "./image-cache.ts";

const run = promisify(execFile);
/** Debian's packages of musl itself and of a BusyBox that needs no C library. */
const PACKAGES = ["musl", "busybox-static"] as const;
/** Where the image keeps this machine's git with the libraries it needs, out of the system's way. */
const GIT = "/opt/git";

/**
 * An image as Alpine makes them: the only C library of the system is musl, the shell and its tools are
 * BusyBox. Kept in the user's cache. A git of musl is in no registry that tests may ask, so this machine's own
 * comes with its own loader and libraries in a folder apart.
 */
export async function importMusl(folder: string, name: string): Promise<void> {
  await docker(folder, ["import", await muslArchive(), `${name}:1`]);
}

async function muslArchive(): Promise<string> {
  const archive = join(await imageCache(), "musl-busybox-git.tar");
  const isThere = await access(archive).then(
    () => true,
    () => false,
  );
  if (isThere) return archive;
  const work = await mkdtemp(join(tmpdir(), "delta-musl-"));
  try {
    const root = join(work, "root");
    await mkdir(root);
    await placePackages(work, root);
    await placeGit(root);
    const partial = `${archive}.${process.pid}.partial`;
    await run("tar", ["--create", "--file", partial, "--owner=0", "--group=0", "--directory", root, "."]);
    await rename(partial, archive);
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function placePackages(work: string, root: string): Promise<void> {
  await run("apt-get", ["download", "-qq", ...PACKAGES], { cwd: work });
  const packages = (await readdir(work)).filter((name) => name.endsWith(".deb"));
  const unpacked = join(work, "unpacked");
  for (const name of packages) await run("dpkg-deb", ["--extract", join(work, name), unpacked]);
  for (const place of ["bin", "usr/bin", "lib", "etc", "tmp", "root"]) {
    await mkdir(join(root, place), { recursive: true });
  }
  const triple = (await readdir(join(unpacked, "lib"))).find((one) => one.endsWith("-linux-musl")) ?? "";
  const loader = `ld-musl-${triple.replace("-linux-musl", "")}.so.1`;
  await copyFile(join(unpacked, "lib", triple, "libc.so"), join(root, "lib", loader));
  await copyFile(join(unpacked, "bin/busybox"), join(root, "bin/busybox"));
  const { stdout } = await run(join(root, "bin/busybox"), ["--list"]);
  for (const applet of stdout.trim().split("\n")) {
    if (applet !== "busybox") await symlink("/bin/busybox", join(root, "bin", applet));
  }
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
}

/** git looks for its parts in GIT_EXEC_PATH; each is a line of shell that starts it by the loader beside it. */
async function placeGit(root: string): Promise<void> {
  const { stdout } = await run("git", ["--exec-path"]);
  const folder = join(root, GIT);
  await mkdir(join(folder, "core"), { recursive: true });
  await mkdir(join(folder, "lib"));
  for (const part of ["git", "git-remote-http"]) {
    const program = join(stdout.trim(), part);
    const { stdout: linked } = await run("ldd", [program]);
    for (const [, path = ""] of linked.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
      const isLoader = path.includes("ld-linux");
      await copyFile(path, join(folder, "lib", isLoader ? "loader" : basename(path)));
    }
    await copyFile(program, join(folder, `${part}.bin`));
    const start = `exec ${GIT}/lib/loader --library-path ${GIT}/lib ${GIT}/${part}.bin "$@"`;
    const text = `#!/bin/sh\nGIT_EXEC_PATH=${GIT}/core\nexport GIT_EXEC_PATH\n${start}\n`;
    await writeFile(join(folder, "core", part), text, { mode: 0o755 });
  }
  await symlink(`${GIT}/core/git`, join(root, "usr/bin/git"));
}
