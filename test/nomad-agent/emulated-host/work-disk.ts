import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeRootDisk } from "../../../nomad/images/disk-image.ts";
import { runTool } from "../../../nomad/images/run-tool.ts";
import { ROOT } from "../../cli/support/delta.ts";
import { DEBIAN_ROOT, testMachineImage } from "../../support/nomad/machine-image.ts";

const DISK_MEGABYTES = 6_144;
/** Where start.sh has the disk. */
const PLACE = "/delta";

export interface WorkDiskOptions {
  /** The agent that the tests start. */
  readonly nomad: string;
  /** What the host runs in the checkout. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A disk with this checkout as it is now, its packages, Nomad, the image of the machines that tests boot, and the
 * command: so the host needs no network. `folder` takes the disk, and the files while it is made.
 */
export async function makeWorkDisk(folder: string, options: WorkDiskOptions): Promise<string> {
  const files = join(folder, "files");
  const checkout = join(files, "checkout");
  await mkdir(checkout, { recursive: true });
  await copyCheckout(checkout);
  await copy(join(ROOT, "node_modules"), checkout);
  await copy(options.nomad, join(files, "nomad"));
  // Where the tests in the host look for it, so they need not make it.
  const images = join(files, "cache/delta-ci/images");
  await mkdir(images, { recursive: true });
  await copy(await testMachineImage(DEBIAN_ROOT), images);
  await writeFile(join(files, "command.sh"), commandText(options));
  const disk = join(folder, "work.qcow2");
  await makeRootDisk(files, disk, DISK_MEGABYTES);
  await rm(files, { recursive: true });
  return disk;
}

/** What git has or would add: nothing that it is told to ignore. */
async function copyCheckout(target: string): Promise<void> {
  const listed = await runTool("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
  });
  for (const name of new Set(listed.toString("utf8").split("\0").filter(Boolean))) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await cp(join(ROOT, name), join(target, name), { verbatimSymlinks: true }).catch(
      (error: NodeJS.ErrnoException) => {
        // Removed, and git not yet told.
        if (error.code !== "ENOENT") throw error;
      },
    );
  }
}

async function copy(from: string, to: string): Promise<void> {
  await runTool("cp", ["--archive", "-H", "--reflink=auto", "--", from, to]);
}

function commandText({ command, environment }: WorkDiskOptions): string {
  const variables = {
    ...environment,
    XDG_CACHE_HOME: join(PLACE, "cache"),
    DELTA_NOMAD_BIN: join(PLACE, "nomad"),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [
    ...lines,
    `cd ${join(PLACE, "checkout")}`,
    'export PATH="$PWD/node_modules/.bin:$PATH"',
    `exec ${command.map(quoted).join(" ")}`,
    "",
  ].join("\n");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
