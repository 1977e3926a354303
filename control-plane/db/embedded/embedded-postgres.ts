import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseSettings } from "../client.ts";
import { findPostgres } from "./binaries.ts";
import {
  folderError,
  prepareFolders,
  readDataMajor,
  readLogTail,
  readPostmasterFile,
  type ServerFolders,
} from "./data-folder.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { initialise, isServed, launch } from "./server-process.ts";
import { findServerAccount } from "./server-account.ts";
import { tryLock } from "./start-lock.ts";
import { joinServer, type Membership } from "./membership.ts";

export interface EmbeddedPostgresOptions {
  /** Folder of this user's state; the server lives in `postgres` below it. */
  readonly stateFolder: string;
  /** Settings of Postgres beyond ours, as its command line takes them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: NodeJS.ProcessEnv;
}

export interface EmbeddedPostgres {
  readonly settings: DatabaseSettings;
  /** False when a server was running already and this process shares it. */
  readonly started: boolean;
  readonly pid: number;
  /** Leaves the server, and stops it when nobody else uses it. Safe when repeated. */
  stop(): Promise<void>;
}

/** A first start takes one to three seconds on a slow disk; recovery after a crash may take longer. */
const START_DEADLINE_MS = 60_000;
const POLL_MS = 20;
const DATABASE = "delta";

/**
 * Starts Postgres on the state folder, or joins the one that runs there: one that another process
 * shares with us, or one that outlived its killed starter. It listens on a Unix socket in a folder
 * of this user and nowhere else. Throws an EmbeddedPostgresError that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folders = await prepareFolders(options.stateFolder);
  const deadline = performance.now() + START_DEADLINE_MS;
  let started = false;
  while (performance.now() < deadline) {
    const running = await readPostmasterFile(folders.data);
    if (running?.ready === true) {
      const membership = await joinServer(running, DATABASE);
      if (membership !== null) {
        return embedded(membership, started);
      }
    }
    started = (await startIfNobodyDoes(folders, options)) || started;
    await delay(POLL_MS);
  }
  throw new EmbeddedPostgresError(`Postgres did not become ready within ${START_DEADLINE_MS / 1000} s`, [
    `its log ${folders.log} ends with:`,
    ...(await readLogTail(folders.log)),
  ]);
}

/** True when this process launched the server. */
async function startIfNobodyDoes(folders: ServerFolders, options: EmbeddedPostgresOptions): Promise<boolean> {
  const release = await tryLock(folders.startLock).catch((error: NodeJS.ErrnoException) => {
    throw folderError(folders.root, error);
  });
  if (release === null) {
    return false;
  }
  try {
    if (await isServed(folders.data)) {
      return false;
    }
    const major = await readDataMajor(folders.data);
    const binaries = await findPostgres(major, options.environment ?? process.env);
    const account = await findServerAccount();
    if (major === null) {
      await initialise(folders, binaries, account);
    }
    await launch(folders, binaries, account, options.settings ?? {});
    return true;
  } finally {
    await release();
  }
}

function embedded(membership: Membership, started: boolean): EmbeddedPostgres {
  let stopping: Promise<void> | null = null;
  return {
    settings: membership.settings,
    pid: membership.pid,
    started,
    stop: () => (stopping ??= membership.leave()),
  };
}
