import { chmod, chown, mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StepUser } from "../schemas/runner-config.ts";

/** What a killed process still had open is closed within this. */
const REMOVE_TRIES = 5;
const REMOVE_AGAIN_MS = 100;

export interface Workspace {
  /** The attempt's own folder, with links resolved; everything below is in it. */
  readonly folder: string;
  /** The checkout; steps start in it or in the job's workdir below it. */
  readonly source: string;
  readonly home: string;
  readonly temporary: string;
  /** File that steps write their outputs to; empty at first. */
  readonly outputs: string;
}

/**
 * Makes a fresh workspace that belongs to whoever runs the steps. What a killed runner of the same attempt
 * left is removed first.
 */
export async function makeWorkspace(
  root: string,
  attemptId: string,
  user: StepUser | null,
): Promise<Workspace> {
  await mkdir(root, { recursive: true });
  const folder = workspaceFolder(await realpath(root), attemptId);
  await removeFolder(folder);
  await mkdir(folder, { mode: 0o700 });
  const workspace = {
    folder,
    source: join(folder, "source"),
    home: join(folder, "home"),
    temporary: join(folder, "tmp"),
    outputs: join(folder, "outputs"),
  };
  for (const child of [workspace.source, workspace.home, workspace.temporary]) await mkdir(child);
  await writeFile(workspace.outputs, "", { mode: 0o600 });
  if (user !== null) for (const one of Object.values(workspace)) await chown(one, user.uid, user.gid);
  return workspace;
}

export function workspaceFolder(root: string, attemptId: string): string {
  return join(root, `attempt-${attemptId}`);
}

/**
 * Removes a folder whatever its modes say: package managers leave read-only ones behind. Throws when it stays.
 * Tries again by the whole folder: `rm` with maxRetries does so at each level of folders anew, which took hours, and the
 * runner with it, where a job left something busy eight levels down.
 */
export async function removeFolder(folder: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (tries === REMOVE_TRIES) throw error;
      await makeWritable(folder).catch(() => undefined);
      await delay(REMOVE_AGAIN_MS);
    }
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}
