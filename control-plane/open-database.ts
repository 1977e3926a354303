import { connect, type Database, type DatabaseSettings } from "./db/client.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./db/embedded/embedded-postgres.ts";
import { isAlive } from "./db/embedded/start-lock.ts";
import { migrate, MigrationError } from "./db/migrate.ts";
import type { ControlPlaneConfig } from "./config.ts";
import { every } from "./tasks/every.ts";
import type { TaskLog } from "./tasks/context.ts";

/** An embedded Postgres that was killed is started again within this. */
const WATCH_MS = 1_000;

export interface OpenDatabase {
  readonly database: Database;
  readonly settings: DatabaseSettings;
  close(): Promise<void>;
}

/** The configured Postgres, or the embedded one, with our schema in it. */
export async function openDatabase(config: ControlPlaneConfig, log: TaskLog): Promise<OpenDatabase> {
  await using started = new AsyncDisposableStack();
  const settings = config.database ?? (await startWatched(config.stateFolder, log, started));
  await migrateReachable(settings);
  const database = connect(settings, { applicationName: "delta control plane" });
  started.defer(() => database.end({ timeout: 5 }));
  const opened = started.move();
  return { database, settings, close: () => opened.disposeAsync() };
}

/** Starts the embedded server and looks after it: should it end before we do, another takes its place. */
async function startWatched(
  stateFolder: string,
  log: TaskLog,
  started: AsyncDisposableStack,
): Promise<DatabaseSettings> {
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ stateFolder });
  started.defer(() => server.stop());
  const watch = every(WATCH_MS, "the restart of Postgres", log, async () => {
    if (!isAlive(server.pid)) {
      log.error({ pid: server.pid }, "Postgres has ended; it is started again");
      const ended = server;
      server = await startEmbeddedPostgres({ stateFolder });
      await ended.stop();
    }
  });
  started.defer(() => watch.stop());
  return server.settings;
}

async function migrateReachable(settings: DatabaseSettings): Promise<void> {
  try {
    await migrate(settings);
  } catch (error) {
    if (error instanceof MigrationError) {
      throw error;
    }
    const { host, port, database } = settings;
    const where = host.startsWith("/") ? `in ${host}` : `at ${host}:${port}`;
    throw new Error(`the database "${database}" ${where} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
