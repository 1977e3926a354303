import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { GIT_MIN, gitVersion } from "../git-version.ts";
import { stateFolder } from "../state-folder.ts";
import { bad, note, ok, type Finding } from "./finding.ts";

/** Below this a first database and a few logs do not fit. */
const FREE_BYTES_MIN = 512 * 1024 * 1024;

export function checkNode(): Finding {
  return ok("node", `${process.version} at ${process.execPath}`);
}

export async function checkGit(): Promise<Finding> {
  const advice = `Install git ${GIT_MIN} or newer.`;
  try {
    const { text, isEnough } = await gitVersion();
    return isEnough ? ok("git", text) : bad("git", text, advice);
  } catch {
    return bad("git", "not found on PATH", advice);
  }
}

export async function checkStateFolder(): Promise<Finding> {
  const folder = stateFolder();
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(probe, "x");
    await rm(probe);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOSPC" ? "the disk is full" : `it cannot be written (${code})`;
    return bad(
      "state folder",
      `${folder}: ${why}`,
      "Free some space, or name another folder in DELTA_STATE_DIR.",
    );
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const found = `${folder}, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return free < FREE_BYTES_MIN ? bad("state folder", found, "Free some space.") : ok("state folder", found);
}

/** Whether the port can be listened on; one that our own server holds is fine. */
export async function checkPort(port: number, ours: string | null): Promise<Finding> {
  if (ours !== null && URL.parse(ours)?.port === String(port))
    return ok("port", `${port}, held by the server at ${ours}`);
  const fault = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer();
    probe.once("error", resolve);
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(null)));
  });
  if (fault === null) return ok("port", `${port} is free`);
  const advice = "Stop what holds it, or choose another with `delta up --port` or DELTA_PORT.";
  return note(
    "port",
    `${port}: ${fault.code === "EADDRINUSE" ? "another program holds it" : fault.message}`,
    advice,
  );
}
