import { link, readFile, rm, writeFile } from "node:fs/promises";

/** Runs when the lock is given back; safe when repeated. */
export type Release = () => Promise<void>;

/**
 * Takes the lock file if no living process holds it; null when one does. It saves work and decides
 * nothing: should two processes ever both pass, the rename of the data folder and Postgres's own lock
 * still let one through. Throws what the file system says.
 */
export async function tryLock(path: string): Promise<Release | null> {
  const own = `${path}.${process.pid}.${performance.now()}`;
  await writeFile(own, String(process.pid), { mode: 0o600 });
  try {
    // A hard link appears with its content, so that nobody ever reads a lock without its holder.
    await link(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    if (holder > 0 && !isAlive(holder)) {
      await rm(path, { force: true });
    }
    return null;
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

/** True when a process with this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
