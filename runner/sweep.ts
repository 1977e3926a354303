import { realpath } from "node:fs/promises";
import type { SweepConfig } from "../schemas/runner-config.ts";
import { killJobProcesses } from "./processes/job-processes.ts";
import { removeFolder, workspaceFolder } from "./workspace.ts";

/**
 * Cleans up after a runner that could not do so itself: kills every process of its attempt and removes
 * its workspace. True when nothing is left. Safe when repeated, and when there was nothing.
 */
export async function sweep(config: SweepConfig): Promise<boolean> {
  const root = await realpath(config.workspace_root).catch(() => config.workspace_root);
  const folder = workspaceFolder(root, config.attempt_id);
  const gone = await killJobProcesses({ attemptId: config.attempt_id, folder, sinceTicks: 0 }, new Set());
  await removeFolder(folder);
  return gone;
}
