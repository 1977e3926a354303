import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ConfigError, readConfig, startControlPlane, type ControlPlane } from "../../control-plane/main.ts";
import { createRun } from "../../control-plane/lifecycle/index.ts";
import { newId } from "../../control-plane/clock.ts";
import { inTransaction } from "../../control-plane/db/in-transaction.ts";
import { testBackend, type TestBackend } from "../support/control-plane-world.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { testEvent } from "../support/plans.ts";
import type { RepositoryId } from "../../schemas/ids.ts";

interface Started {
  readonly plane: ControlPlane;
  readonly stateFolder: string;
  readonly backend: TestBackend;
}

async function stateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "delta-main-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start({ settings }: TestDatabase, folder?: string, port = 0): Promise<Started> {
  const state = folder ?? (await stateFolder());
  const backend = testBackend();
  const config = readConfig({}, { stateFolder: state, port, database: settings, logLevel: "silent" });
  const plane = await startControlPlane(config, { dispatcher: () => backend });
  onTestFinished(() => plane.stop());
  return { plane, stateFolder: state, backend };
}

describe("a control plane", () => {
  test("is at work when it says so, and says where it is to this user alone", async () => {
    const { plane, stateFolder } = await start(await createTestDatabase());
    const health = await fetch(`${plane.url}/api/v1/health`);
    expect(await health.json()).toMatchObject({ status: "ok", dispatcher: "test" });
    const path = join(stateFolder, "server.json");
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
      version: 1,
      started_by: null,
      url: plane.url,
      token: plane.apiToken,
      pid: process.pid,
    });
    for (const file of ["server.json", "api-token", "claim.key"]) {
      expect((await stat(join(stateFolder, file))).mode & 0o777).toBe(0o600);
    }
  });

  test("answers the API to its token alone", async () => {
    const { plane } = await start(await createTestDatabase());
    const ask = (token: string): Promise<Response> =>
      fetch(`${plane.url}/api/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask("guess")).status).toBe(401);
    expect((await ask(plane.apiToken)).status).toBe(200);
  });

  test("leaves nothing when it stops, and keeps its token for the next start", async () => {
    const database = await createTestDatabase();
    const { plane, stateFolder } = await start(database);
    await Promise.all([plane.stop(), plane.stop()]);
    await expect(fetch(`${plane.url}/api/v1/health`)).rejects.toThrow("fetch failed");
    expect(existsSync(join(stateFolder, "server.json"))).toBe(false);
    const { plane: next } = await start(database, stateFolder);
    expect(next.apiToken).toBe(plane.apiToken);
  });

  test("says so when another program holds its port, and leaves nothing", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const folder = await stateFolder();
    await expect(start(await createTestDatabase(), folder, port)).rejects.toThrow(
      `cannot listen on port ${port} of 127.0.0.1: another program holds it; choose another port (DELTA_PORT)`,
    );
    expect(existsSync(join(folder, "server.json"))).toBe(false);
  });

  test("says so when its database cannot be reached", async () => {
    const { settings, database } = await createTestDatabase();
    await expect(start({ database, settings: { ...settings, host: "/nowhere" } })).rejects.toThrow(
      `the database "${settings.database}" in /nowhere cannot be used: connect ENOENT`,
    );
  });

  test("takes up what was stored while none was at work", async () => {
    const world = await createTestDatabase();
    const repositoryId = newId<RepositoryId>();
    await world.database`
      insert into delta.repositories (id, forge, forge_id, full_name, clone_url, default_branch)
      values (${repositoryId}, 'local', 'gone', 'test/gone', '/nowhere/at/all', 'main')`;
    const author = { actor: "user:test", cause: "test" };
    const { id } = await inTransaction(world.database, (tx) =>
      createRun(tx, author, {
        repositoryId,
        deliveryId: null,
        event: testEvent(),
        headSha: "1".repeat(40),
        baseSha: null,
        request: null,
        rerunOf: null,
      }),
    );
    await start(world);
    await vi.waitUntil(
      async () => {
        const rows = await world.database`select from delta.runs where id = ${id} and planning_attempts > 0`;
        return rows.length === 1;
      },
      { timeout: 20_000, interval: 20 },
    );
  });
});

describe("its configuration", () => {
  test("comes from the environment, with defaults for a laptop", () => {
    const config = readConfig({
      DELTA_STATE_DIR: "/state",
      DELTA_POOLS: "default=4, big=1",
      DELTA_PORT: "1234",
      DELTA_PLAN_JOBS_MAX: "5000",
    });
    expect(config).toMatchObject({
      stateFolder: "/state",
      host: "127.0.0.1",
      port: 1234,
      database: null,
      github: null,
      poolCaps: { default: 4, big: 1 },
      planJobsMax: 5_000,
    });
    expect(readConfig({ XDG_STATE_HOME: "/x" }).stateFolder).toBe("/x/delta");
    expect(
      readConfig({ HOME: "/h", DATABASE_URL: "postgres://u:p%40@db:6000/ci?sslmode=require" }).database,
    ).toEqual({
      host: "db",
      port: 6000,
      database: "ci",
      user: "u",
      password: "p@",
      tls: true,
    });
  });

  test("names the dispatcher, and reads the file that Nomad needs", async () => {
    expect(readConfig({}).dispatcher).toEqual({ name: "local-process" });
    const file = join(await stateFolder(), "nomad.json");
    await writeFile(file, "{}");
    expect(readConfig({ DELTA_DISPATCHER: "nomad", DELTA_NOMAD_CONFIG: file }).dispatcher).toEqual({
      name: "nomad",
      configFile: file,
      configText: "{}",
    });
    expect(() => readConfig({ DELTA_DISPATCHER: "nomad" })).toThrow("DELTA_NOMAD_CONFIG: ");
    expect(() => readConfig({ DELTA_DISPATCHER: "nomad", DELTA_NOMAD_CONFIG: "/nowhere" })).toThrow(
      "DELTA_NOMAD_CONFIG: /nowhere cannot be read",
    );
    expect(() => readConfig({ DELTA_DISPATCHER: "slurm" })).toThrow(
      'DELTA_DISPATCHER: "slurm" is not one of local-process, nomad',
    );
  });

  test("with a Nomad file that cannot be used starts nothing, and says where it is wrong", async () => {
    const folder = await stateFolder();
    const dispatcher = { name: "nomad", configFile: "nomad.json", configText: '{"version":1}' } as const;
    const config = readConfig({}, { stateFolder: folder, port: 0, dispatcher, logLevel: "silent" });
    const starting = startControlPlane(config);
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/DELTA_NOMAD_CONFIG: nomad\.json: .*address/);
    expect(await readdir(folder)).toEqual([]);
  });

  test("is refused with all its faults at once", () => {
    const read = (): unknown =>
      readConfig({
        DELTA_STATE_DIR: "here",
        DELTA_PORT: "99999",
        DELTA_PLAN_JOBS_MAX: "10001",
        DELTA_POOLS: "default",
        DATABASE_URL: "mysql://x",
        DELTA_GITHUB_APP_ID: "1",
        DELTA_LOG_LEVEL: "loud",
        DELTA_PUBLIC_URL: "ftp://x",
      });
    expect(read).toThrow(ConfigError);
    for (const name of [
      "STATE_DIR",
      "PORT",
      "PLAN_JOBS_MAX",
      "POOLS",
      "GITHUB_PRIVATE_KEY_FILE",
      "LOG_LEVEL",
      "PUBLIC_URL",
    ]) {
      expect(read).toThrow(`DELTA_${name}`);
    }
    expect(read).toThrow("the database URL must look like postgres://user:password@host:5432/database");
  });
});
