import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomToken } from "./lifecycle/tokens.ts";

/** What a running server writes about itself, for the CLI of the same user to find it. */
export interface ServerFile {
  readonly version: 1;
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** The command that started it, such as `delta up`; null when that is not known. */
  readonly started_by: string | null;
}

const KEY_BYTES = 32;

/**
 * The key of the claim tokens. Control planes that share a database must share it: they share the
 * state folder's file, or are given copies of it.
 */
export async function serverKey(stateFolder: string): Promise<KeyObject> {
  const text = await readOrCreate(join(stateFolder, "claim.key"), () =>
    randomBytes(KEY_BYTES).toString("hex"),
  );
  const key = Buffer.from(text, "hex");
  if (key.length !== KEY_BYTES) {
    throw new Error(
      `${join(stateFolder, "claim.key")} does not hold ${KEY_BYTES} bytes in hexadecimal; remove it`,
    );
  }
  return createSecretKey(key);
}

/** The token of the API: the one in the file that was named, else one kept in the state folder. */
export async function apiToken(stateFolder: string, file: string | null): Promise<string> {
  const path = file ?? join(stateFolder, "api-token");
  const token = file === null ? await readOrCreate(path, randomToken) : (await readFile(path, "utf8")).trim();
  if (!/^[\x21-\x7e]{16,512}$/.test(token)) {
    throw new Error(`${path} must hold a token of 16 to 512 visible characters`);
  }
  return token;
}

/** The file's content; when there is none, one that is made and appears whole, whoever comes first. */
async function readOrCreate(path: string, make: () => string): Promise<string> {
  const known = await readFile(path, "utf8").catch(() => null);
  if (known !== null) {
    return known.trim();
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(fresh, `${make()}\n`, { mode: 0o600 });
  try {
    await link(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    await rm(fresh, { force: true });
  }
  return (await readFile(path, "utf8")).trim();
}

function serverFilePath(stateFolder: string): string {
  return join(stateFolder, "server.json");
}

/** Says where this server is. The file of a server that was killed is replaced. */
export async function writeServerFile(
  stateFolder: string,
  server: Omit<ServerFile, "version" | "pid">,
): Promise<void> {
  const path = serverFilePath(stateFolder);
  const fresh = `${path}.${process.pid}`;
  const file: ServerFile = { version: 1, pid: process.pid, ...server };
  await writeFile(fresh, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(fresh, path);
}

/** Removes the file if it is still this process that it names. */
export async function removeServerFile(stateFolder: string): Promise<void> {
  const path = serverFilePath(stateFolder);
  const text = await readFile(path, "utf8").catch(() => "{}");
  if ((JSON.parse(text) as Partial<ServerFile>).pid === process.pid) {
    await rm(path, { force: true });
  }
}
