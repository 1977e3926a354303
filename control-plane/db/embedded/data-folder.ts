import { createHash } from "node:crypto";
import { lstat, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/** Where one embedded server keeps everything. */
export interface ServerFolders {
  /** `<state>/postgres`. */
  readonly root: string;
  readonly data: string;
  readonly log: string;
  /** Held by the process that makes the data folder or starts the server. */
  readonly startLock: string;
  /** Folder of the Unix socket. */
  readonly socket: string;
}

/** The port is part of the socket's file name and of nothing else. */
export const SOCKET_PORT = 5432;
/** Longest path of a Unix socket on Linux; the kernel's field has 108 bytes with its zero. macOS has 104. */
const SOCKET_PATH_BYTES_MAX = 103;
/** The tail of Postgres's own log in an error: enough for its last start. */
const LOG_TAIL_BYTES = 2_048;

/**
 * Makes the folders, readable by us alone. A socket path that would be too long moves to a short
 * folder under /tmp, named after this one. Throws an EmbeddedPostgresError when a folder cannot be made or written.
 */
export async function prepareFolders(stateFolder: string): Promise<ServerFolders> {
  const root = join(stateFolder, "postgres");
  const inside = join(root, "run");
  const tooLong = Buffer.byteLength(join(inside, `.s.PGSQL.${SOCKET_PORT}`)) > SOCKET_PATH_BYTES_MAX;
  const digest = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const socket = tooLong ? join("/tmp", `delta-${process.getuid?.() ?? 0}-${digest}`) : inside;
  for (const folder of [stateFolder, root, socket]) {
    await makeFolder(folder);
  }
  await refuseForeign(socket);
  return {
    root,
    data: join(root, "data"),
    log: join(root, "postgres.log"),
    startLock: join(root, "start.lock"),
    socket,
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Node reports a read-only file system as a missing parent; asked for this folder alone it tells the truth.
    const cause = await mkdir(folder, { mode: 0o700 }).catch((plain: unknown) => plain);
    throw folderError(folder, (cause ?? error) as NodeJS.ErrnoException);
  }
}

/** A folder somebody else made under /tmp could hold somebody else's socket. */
async function refuseForeign(folder: string): Promise<void> {
  const status = await lstat(folder);
  const uid = process.getuid?.();
  if (!status.isDirectory() || (uid !== undefined && uid !== 0 && status.uid !== uid)) {
    throw new EmbeddedPostgresError(`${folder} belongs to another user`, [
      "remove it, or set DELTA_STATE_DIR to a folder with a shorter path",
    ]);
  }
}

const FOLDER_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: "may not be written by this user",
  EPERM: "may not be written by this user",
  EROFS: "is on a read-only file system",
  ENOSPC: "is on a full disk",
  EDQUOT: "is over its disk quota",
  ENOTDIR: "has something in its path that is not a folder",
  EEXIST: "is not a folder",
};

/** An error of the file system in words that name the folder and what to do. */
export function folderError(folder: string, error: NodeJS.ErrnoException): EmbeddedPostgresError {
  const problem = FOLDER_PROBLEMS[error.code ?? ""] ?? `cannot be used: ${error.message}`;
  return new EmbeddedPostgresError(
    `the state folder ${folder} ${problem}`,
    ["make room or give access, or set DELTA_STATE_DIR to another folder, or set DATABASE_URL"],
    error,
  );
}

/** Major version that made the data folder; null when there is none yet. */
export async function readDataMajor(data: string): Promise<number | null> {
  const text = await readFile(join(data, "PG_VERSION"), "utf8").catch(() => null);
  return text === null ? null : Number.parseInt(text, 10);
}

/** What a running server writes about itself into its data folder. */
export interface PostmasterFile {
  readonly pid: number;
  readonly socket: string;
  readonly ready: boolean;
}

/** Null when no server runs on the data folder, or none has said so yet. */
export async function readPostmasterFile(data: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , , socket = "", , , status = ""] = text.split("\n");
  const number = Number.parseInt(pid ?? "", 10);
  return Number.isInteger(number) && number > 0
    ? { pid: number, socket, ready: status.trim() === "ready" }
    : null;
}

/** The last lines of Postgres's own log, for an error; empty when there is none. */
export async function readLogTail(log: string): Promise<readonly string[]> {
  const file = await open(log).catch(() => null);
  if (file === null) {
    return [];
  }
  await using _ = file;
  const { size } = await file.stat();
  const start = Math.max(0, size - LOG_TAIL_BYTES);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LOG_TAIL_BYTES), position: start });
  return buffer.subarray(0, bytesRead).toString("utf8").trim().split("\n");
}
