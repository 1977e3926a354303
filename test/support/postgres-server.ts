import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readPostmasterFile } from "../../control-plane/db/embedded/data-folder.ts";
import { isAlive } from "../../control-plane/db/embedded/start-lock.ts";

const VARIABLE = "DELTA_testPostgresFolder";
const STOP_DEADLINE_MS = 10_000;

/** Where the Postgres of this test run lives. Set before the first test file runs. */
export function testPostgresFolder(): string {
  const folder = process.env[VARIABLE];
  if (folder === undefined) {
    throw new Error("vitest's globalSetup must name test/support/postgres-server.ts");
  }
  return folder;
}

/**
 * vitest's globalSetup: names a fresh folder; the first test that needs a database starts the server
 * in it. Afterwards the server is stopped and the folder removed.
 */
export default function setup(): () => Promise<void> {
  if (process.env[VARIABLE] !== undefined) {
    return async () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), "delta-test-"));
  process.env[VARIABLE] = folder;
  return async () => {
    const server = await readPostmasterFile(join(folder, "postgres", "data"));
    if (server !== null && isAlive(server.pid)) {
      process.kill(server.pid, "SIGQUIT");
      const deadline = performance.now() + STOP_DEADLINE_MS;
      while (isAlive(server.pid) && performance.now() < deadline) {
        await delay(20);
      }
    }
    await rm(folder, { recursive: true, force: true });
  };
}
