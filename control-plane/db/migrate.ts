import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { runMigrations } from "graphile-worker";
import {
  connect,
  connectionString,
  type Database,
  type DatabaseSettings,
  type Transaction,
} from "./client.ts";

/** Any number that nothing else here locks; one process migrates, the others wait for it. */
const MIGRATION_LOCK = 0x6d696772;
const MIGRATIONS = new URL("./migrations/", import.meta.url);
const FILE_NAME = /^(\d{6})_[a-z0-9_]+\.sql$/;

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/** The database cannot be brought to the schema of this program; the message says why. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * Brings the database to the schema of this program: the queue's own migrations, then ours, each in
 * a transaction of its own. Safe when several processes do it at once. Refuses a database that a newer
 * program has migrated, and one whose migrations are not the ones of this program.
 */
export async function migrate(settings: DatabaseSettings, migrations?: readonly Migration[]): Promise<void> {
  const wanted = migrations ?? (await readMigrations());
  const database = connect(settings, { connections: 1, applicationName: "delta migration" });
  try {
    await database`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await runMigrations({ connectionString: connectionString(settings) });
    await applyMigrations(database, wanted);
  } finally {
    await database.end({ timeout: 1 });
  }
}

/** The numbered files beside this one, in order. */
export async function readMigrations(folder: URL = MIGRATIONS): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(FILE_NAME.exec(name)?.[1]);
      if (number !== index + 1) {
        throw new MigrationError(
          `migration ${name} must be named ${String(index + 1).padStart(6, "0")}_<name>.sql`,
        );
      }
      const sql = await readFile(new URL(name, folder), "utf8");
      return { number, name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function applyMigrations(database: Database, wanted: readonly Migration[]): Promise<void> {
  await database`create schema if not exists delta`;
  await database`
    create table if not exists delta.migrations (
      number int primary key,
      name text not null,
      sha256 text not null,
      applied_at timestamptz not null default clock_timestamp())`;
  const applied = await database<{ number: number; name: string; sha256: string }[]>`
    select number, name, sha256 from delta.migrations order by number`;
  for (const row of applied) {
    const known = wanted.find((migration) => migration.number === row.number);
    if (known === undefined) {
      throw new MigrationError(
        `the database was migrated by a newer Delta CI (${row.name}); start that version`,
      );
    }
    if (known.sha256 !== row.sha256) {
      throw new MigrationError(
        `migration ${row.name} was applied with another content than ${known.name} has here`,
      );
    }
  }
  const last = applied.at(-1)?.number ?? 0;
  for (const migration of wanted.filter(({ number }) => number > last)) {
    await database.begin((tx) => applyMigration(tx, migration));
  }
}

async function applyMigration(tx: Transaction, { number, name, sql, sha256 }: Migration): Promise<void> {
  try {
    await tx.unsafe(sql);
  } catch (error) {
    throw new MigrationError(`migration ${name} failed: ${(error as Error).message}`, { cause: error });
  }
  await tx`insert into delta.migrations (number, name, sha256) values (${number}, ${name}, ${sha256})`;
}
