import { describe, expect, test } from "vitest";
import {
  migrate,
  MigrationError,
  readMigrations,
  type Migration,
} from "../../../control-plane/db/migrate.ts";
import { REASONS } from "../../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  RUN_TRANSITIONS,
} from "../../../schemas/states.ts";
import { createEmptyDatabase, createTestDatabase } from "../../support/database.ts";

const one: Migration = {
  number: 1,
  name: "000001_one.sql",
  sql: "create table delta.one (id int)",
  sha256: "1".repeat(64),
};

describe("migrations", () => {
  test("five processes at once apply each migration once", async () => {
    const { database, settings } = await createEmptyDatabase();
    await Promise.all(Array.from({ length: 5 }, () => migrate(settings, [one])));
    const rows = await database<{ number: number }[]>`select number from delta.migrations`;
    expect(rows.map((row) => row.number)).toEqual([1]);
  });

  test("a migration that fails leaves nothing of itself", async () => {
    const { database, settings } = await createEmptyDatabase();
    const broken = {
      ...one,
      number: 2,
      name: "000002_two.sql",
      sql: "create table delta.two (id int); select 1/0",
    };
    await expect(migrate(settings, [one, broken])).rejects.toThrow("000002_two.sql failed: division by zero");
    const [row] = await database<{ two: string | null }[]>`select to_regclass('delta.two')::text as two`;
    expect(row?.two).toBeNull();
    await migrate(settings, [one, { ...broken, sql: "create table delta.two (id int)" }]);
  });

  test("a database of a newer program is refused", async () => {
    const { settings } = await createEmptyDatabase();
    await migrate(settings, [one, { ...one, number: 2, name: "000002_two.sql", sql: "select 1" }]);
    await expect(migrate(settings, [one])).rejects.toThrow(MigrationError);
    await expect(migrate(settings, [one])).rejects.toThrow("newer Delta CI (000002_two.sql)");
  });

  test("a migration that was edited after it was applied is refused", async () => {
    const { settings } = await createEmptyDatabase();
    await migrate(settings, [one]);
    await expect(migrate(settings, [{ ...one, sha256: "2".repeat(64) }])).rejects.toThrow("another content");
  });

  test("the files are numbered from 1 without a gap", async () => {
    const migrations = await readMigrations();
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
  });
});

describe("constraints of the schema", () => {
  test.each([
    ["runs", RUN_TRANSITIONS],
    ["jobs", JOB_TRANSITIONS],
    ["attempts", ATTEMPT_TRANSITIONS],
    ["leases", LEASE_TRANSITIONS],
  ])("the states of delta.%s are those of the transition table", async (table, transitions) => {
    const { database } = await createTestDatabase();
    const rows = await database<{ definition: string }[]>`
      select pg_get_constraintdef(oid) as definition from pg_constraint
      where conrelid = ${`delta.${table}`}::regclass and contype = 'c' and conname = ${`${table}_state_check`}`;
    const states = [...(rows[0]?.definition ?? "").matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
    expect(new Set(states)).toEqual(new Set(Object.keys(transitions)));
  });

  test("the reasons are those of the closed list", async () => {
    const { database } = await createTestDatabase();
    const rows = await database<{ definition: string }[]>`
      select pg_get_constraintdef(oid) as definition from pg_constraint where contypid = 'delta.reason'::regtype`;
    const reasons = [...(rows[0]?.definition ?? "").matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
    expect(new Set(reasons)).toEqual(new Set(Object.keys(REASONS)));
  });

  test("a plan row never changes", async () => {
    const { database } = await createTestDatabase();
    await database`insert into delta.plans (digest, canonical, compiler) values (${`sha256:${"a".repeat(64)}`}, '{}', '1')`;
    await expect(database`update delta.plans set canonical = '[]'`).rejects.toThrow(
      "plans rows never change",
    );
    await expect(database`delete from delta.plans`).rejects.toThrow("plans rows never change");
  });
});
