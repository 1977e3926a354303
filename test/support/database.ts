import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { connect, type Database, type DatabaseSettings } from "../../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../../control-plane/db/embedded/embedded-postgres.ts";
import { migrate } from "../../control-plane/db/migrate.ts";
import { testPostgresFolder } from "./postgres-server.ts";

export interface TestDatabase {
  readonly database: Database;
  readonly settings: DatabaseSettings;
}

/** Safe for tests alone: no test survives a power cut, and fsync is most of the time of a small commit. */
const FAST = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
const TEMPLATE = "delta_template";
const TEMPLATE_LOCK = 0x74656d70;

let server: Promise<DatabaseSettings> | null = null;

/**
 * A migrated database of its own for one test, cloned from a template on the one server that all
 * test files share. It is dropped when the test ends.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= startServer();
  const administration = { ...(await server), database: "postgres" };
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(administration, async (session) => {
    // Postgres clones a template for one session at a time.
    await session`select pg_advisory_lock(${TEMPLATE_LOCK})`;
    await session`create database ${session(name)} template ${session(TEMPLATE)}`;
  });
  const settings = { ...administration, database: name };
  const database = connect(settings, { connections: 6, applicationName: "test" });
  onTestFinished(async () => {
    await database.end({ timeout: 5 });
    await administer(administration, (session) => session`drop database ${session(name)} with (force)`);
  });
  return { database, settings };
}

/** An empty database of its own, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  server ??= startServer();
  const administration = { ...(await server), database: "postgres" };
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(administration, (session) => session`create database ${session(name)}`);
  const settings = { ...administration, database: name };
  const database = connect(settings, { connections: 4, applicationName: "test" });
  onTestFinished(async () => {
    await database.end({ timeout: 5 });
    await administer(administration, (session) => session`drop database ${session(name)} with (force)`);
  });
  return { database, settings };
}

/** The server of this test run, with a migrated template database; whoever comes first makes both. */
async function startServer(): Promise<DatabaseSettings> {
  const postgres = await startEmbeddedPostgres({ stateFolder: testPostgresFolder(), settings: FAST });
  const administration = { ...postgres.settings, database: "postgres" };
  await administer(administration, async (session) => {
    await session`select pg_advisory_lock(${TEMPLATE_LOCK})`;
    const known = await session`select from pg_database where datname = ${TEMPLATE}`;
    if (known.length === 0) {
      await session`create database delta_template_new`;
      await migrate({ ...administration, database: "delta_template_new" });
      await session`alter database delta_template_new rename to ${session(TEMPLATE)}`;
    }
  });
  return administration;
}

async function administer(
  settings: DatabaseSettings,
  body: (session: Database) => PromiseLike<unknown>,
): Promise<void> {
  const session = connect(settings, { connections: 1, applicationName: "test administration" });
  try {
    await body(session);
  } finally {
    await session.end({ timeout: 5 });
  }
}
