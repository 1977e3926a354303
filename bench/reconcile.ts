import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type DatabaseSettings } from "../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../control-plane/db/embedded/embedded-postgres.ts";
import { migrate } from "../control-plane/db/migrate.ts";
import { type PassCost, startLiveAttempts } from "../test/support/nomad/live-attempts.ts";
import { type Figure, stated } from "./figures.ts";

const SIZES = [100, 1_000, 5_000];
const CHANGED = 10;

/** What one pass that compares Nomad with the database costs when ten runners have ended since the last. */
export async function reconcileCost(): Promise<readonly Figure[]> {
  await using world = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "delta-bench-"));
  world.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ stateFolder: folder });
  world.defer(() => server.stop());
  const figures: Figure[] = [];
  for (const size of SIZES) {
    await using live = await startLiveAttempts(await newDatabase(server.settings, `live_${size}`), size);
    const { observing, attempts } = live;
    const first = await live.costOf(() => observing.pass());
    const ended = attempts.slice(0, CHANGED);
    live.end(ended);
    const later = await live.costOf(async () => {
      observing.hint(ended);
      await observing.pass();
    });
    figures.push(stated(`${size} live, ${CHANGED} changed`, words(later)));
    figures.push(stated(`${size} live, first pass after a start`, words(first)));
  }
  return figures;
}

function words({ requests, bytes, statements, cpuMs }: PassCost): string {
  return `${requests} requests, ${(bytes / 1024).toFixed(0)} KiB, ${statements} statements, ${cpuMs.toFixed(0)} ms CPU`;
}

async function newDatabase(settings: DatabaseSettings, name: string): Promise<DatabaseSettings> {
  const session = connect(settings, { connections: 1 });
  await session`create database ${session(name)}`;
  await session.end({ timeout: 5 });
  const own = { ...settings, database: name };
  await migrate(own);
  return own;
}
