import { setTimeout as delay } from "node:timers/promises";
import { connect, type Database, type DatabaseSettings } from "../client.ts";
import { SOCKET_PORT, type PostmasterFile } from "./data-folder.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { isAlive } from "./start-lock.ts";

/** Our share in a running server: one session that holds a shared lock for as long as we use it. */
export interface Membership {
  readonly settings: DatabaseSettings;
  readonly pid: number;
  /** Ends the share; whoever can take the lock alone is the last, and stops the server. */
  leave(): Promise<void>;
}

/** Any number that nothing else here locks; it spells "delta". */
const MEMBERS_LOCK = 0x64656c7461;
/** A fast shutdown ends in tens of milliseconds; past this the server is told to quit without tidying up. */
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 10;

/** Null when the server is going away or is not ours to join yet; the caller looks again. */
export async function joinServer(server: PostmasterFile, database: string): Promise<Membership | null> {
  const settings = { host: server.socket, port: SOCKET_PORT, user: "postgres", password: null, tls: false };
  const session = connect(
    { ...settings, database: "postgres" },
    { connections: 1, applicationName: "delta member" },
  );
  try {
    await session`select pg_advisory_lock_shared(${MEMBERS_LOCK})`;
    await createDatabase(session, database);
  } catch {
    await session.end({ timeout: 1 });
    return null;
  }
  return {
    settings: { ...settings, database },
    pid: server.pid,
    leave: () => leave(session, server.pid),
  };
}

async function createDatabase(session: Database, database: string): Promise<void> {
  const known = await session`select from pg_database where datname = ${database}`;
  if (known.length === 0) {
    await session`create database ${session(database)}`.catch((error: unknown) => {
      // Another process that joined at the same moment made it.
      if (!(error instanceof Error && "code" in error && ["42P04", "23505"].includes(String(error.code)))) {
        throw error;
      }
    });
  }
}

async function leave(session: Database, pid: number): Promise<void> {
  const [row] = await session<{ alone: boolean }[]>`
    select pg_try_advisory_lock(${MEMBERS_LOCK}) as alone`.catch(() => [{ alone: false }]);
  if (row?.alone === true) {
    // The session keeps the lock until the server ends it, so that nobody joins a server that is stopping.
    await stopServer(pid);
  }
  await session.end({ timeout: 0 });
}

/** SIGINT is Postgres's fast shutdown: it ends all sessions and writes a checkpoint. */
async function stopServer(pid: number): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    const deadline = performance.now() + STOP_DEADLINE_MS;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    while (performance.now() < deadline) {
      if (!isAlive(pid)) {
        return;
      }
      await delay(POLL_MS);
    }
  }
  throw new EmbeddedPostgresError(`Postgres (process ${pid}) did not stop`, [
    "its log says more; end it by hand",
  ]);
}
