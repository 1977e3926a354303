import { execFile, spawn } from "node:child_process";
import { open, readFile, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { PostgresBinaries } from "./binaries.ts";
import {
  folderError,
  readDataMajor,
  readLogTail,
  readPostmasterFile,
  SOCKET_PORT,
  type ServerFolders,
} from "./data-folder.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { asAccount, giveTo, type ServerAccount } from "./server-account.ts";
import { isAlive } from "./start-lock.ts";

const run = promisify(execFile);

/** Slow disks make initdb take many seconds; past this it hangs. */
const INITDB_TIMEOUT_MS = 120_000;
const POLL_MS = 10;
/** A log of former starts is dropped when it has grown past this. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Makes the data folder under another name and renames it when it is whole: a process that dies
 * in the middle leaves nothing that looks like data. A folder that another process made meanwhile wins.
 */
export async function initialise(
  folders: ServerFolders,
  binaries: PostgresBinaries,
  account: ServerAccount,
): Promise<void> {
  const fresh = `${folders.data}.new.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await giveTo(account, folders.root);
  await giveTo(account, folders.socket);
  const args = [
    "-D",
    fresh,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-instructions",
  ];
  const command = asAccount(account, join(binaries.folder, "initdb"), args);
  try {
    await run(command.file, command.args, { ...command.options, cwd: "/", timeout: INITDB_TIMEOUT_MS });
    await rename(fresh, folders.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if ((await readDataMajor(folders.data)) !== null) {
      return;
    }
    throw initialiseError(folders, account, error as NodeJS.ErrnoException & { stderr?: string });
  }
}

function initialiseError(
  folders: ServerFolders,
  account: ServerAccount,
  error: NodeJS.ErrnoException & { stderr?: string },
): EmbeddedPostgresError {
  const stderr = error.stderr?.trim() ?? "";
  if (error.code === "EACCES" && account.kind === "account") {
    return new EmbeddedPostgresError(
      `Postgres may not run as root, and ${account.name} may not reach its programs or ${folders.root}`,
      ["run as another user, or set DELTA_STATE_DIR to a folder that all users reach, or set DATABASE_URL"],
      error,
    );
  }
  const full = /no space left on device/i.test(stderr);
  const lines = stderr === "" ? [error.message] : stderr.split("\n");
  return full
    ? folderError(folders.root, Object.assign(new Error(stderr), { code: "ENOSPC" }))
    : new EmbeddedPostgresError(
        `the data folder ${folders.data} could not be made; initdb says:`,
        lines,
        error,
      );
}

/**
 * Starts the server in a session of its own, so that a signal to our terminal does not reach it,
 * and waits until it serves. A server that ends instead is an EmbeddedPostgresError with the end of its log.
 */
export async function launch(
  folders: ServerFolders,
  binaries: PostgresBinaries,
  account: ServerAccount,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const ours = {
    listen_addresses: "",
    unix_socket_directories: folders.socket,
    unix_socket_permissions: "0700",
    port: String(SOCKET_PORT),
    max_connections: "200",
    ...settings,
  };
  const args = Object.entries(ours).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = asAccount(account, join(binaries.folder, "postgres"), ["-D", folders.data, ...args]);
  const log = await openLog(folders);
  const end: { why: string | null } = { why: null };
  try {
    const server = spawn(command.file, command.args, {
      ...command.options,
      cwd: "/",
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    server.once("error", (error) => (end.why = error.message));
    server.once("exit", (code, signal) => (end.why = `it ended with ${signal ?? `exit code ${code}`}`));
    server.unref();
  } finally {
    await log.close();
  }
  while (end.why === null) {
    if ((await readPostmasterFile(folders.data))?.ready === true) {
      return;
    }
    await delay(POLL_MS);
  }
  if (await isServed(folders.data)) {
    return;
  }
  throw new EmbeddedPostgresError(`Postgres ${binaries.version} did not start: ${end.why}`, [
    `its log ${folders.log} ends with:`,
    ...(await readLogTail(folders.log)),
    "set DELTA_STATE_DIR to another folder, or set DATABASE_URL",
  ]);
}

async function openLog(folders: ServerFolders) {
  const log = await open(folders.log, "a", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw folderError(folders.root, error);
  });
  if ((await log.stat()).size > LOG_BYTES_MAX) {
    await log.truncate();
  }
  return log;
}

/** Above the highest number that any system gives to a process. */
const NO_PROCESS = 2 ** 22 + 1;

/**
 * True when the server of this data folder runs, or still tidies up. A killed server's file is left
 * to Postgres, which checks it for survivors of the crash; when its number now belongs to another program,
 * which Postgres would take for the server, the number alone is replaced.
 */
export async function isServed(data: string): Promise<boolean> {
  const file = await readPostmasterFile(data);
  if (file === null || !isAlive(file.pid)) {
    return false;
  }
  if (await worksIn(file.pid, data)) {
    return true;
  }
  const path = join(data, "postmaster.pid");
  const [, ...rest] = (await readFile(path, "utf8")).split("\n");
  await writeFile(path, [NO_PROCESS, ...rest].join("\n"));
  return false;
}

/** A server's working directory is its data folder. Where that cannot be read, its name has to do. */
async function worksIn(pid: number, data: string): Promise<boolean> {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (folder !== null) {
    return folder === (await realpath(data));
  }
  const { stdout } = await run("ps", ["-p", String(pid), "-o", "comm="]).catch(() => ({ stdout: "" }));
  return stdout.includes("postgres");
}
