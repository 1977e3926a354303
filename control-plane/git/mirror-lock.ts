import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, stat, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** The holder touches its file this often; a file that was not touched for STALE_MS belongs to nobody. */
const TOUCH_MS = 5_000;
const STALE_MS = 30_000;
const POLL_MS = 100;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly nonce: string;
}

/** Waiting turns within this process, by path: they do not race for the file. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Runs the body while no other process runs one for the same path. A lock left behind by a killed
 * process is taken over: at once when its process is known to be gone, else after STALE_MS. Should two
 * ever take over in the same instant, git's own ref locks keep the repository sound and one fetch fails.
 */
export async function withMirrorLock<Result>(
  path: string,
  signal: AbortSignal | undefined,
  body: () => Promise<Result>,
): Promise<Result> {
  const before = turns.get(path) ?? Promise.resolve();
  const turn = before.then(
    () => holding(path, signal, body),
    () => holding(path, signal, body),
  );
  turns.set(path, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(path) === turn) {
      turns.delete(path);
    }
  }
}

async function holding<Result>(
  path: string,
  signal: AbortSignal | undefined,
  body: () => Promise<Result>,
): Promise<Result> {
  const own: Holder = { pid: process.pid, host: hostname(), nonce: randomUUID() };
  while (!(await tryTake(path, own))) {
    await dropIfStale(path);
    await delay(POLL_MS, undefined, { signal });
  }
  const touching = setInterval(() => {
    const now = new Date();
    // A lock file that vanished was taken for stale; the body goes on under git's own locks.
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MS);
  try {
    return await body();
  } finally {
    clearInterval(touching);
    if ((await readHolder(path))?.nonce === own.nonce) {
      await unlink(path).catch(() => undefined);
    }
  }
}

async function tryTake(path: string, own: Holder): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(JSON.stringify(own));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  }
}

/** Moves a stale lock away. What was moved is looked at once more: if it is another's fresh lock, it goes back. */
async function dropIfStale(path: string): Promise<void> {
  const holder = await readHolder(path);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => null,
  );
  if (age === null || !(age > STALE_MS || (holder !== null && isGone(holder)))) {
    return;
  }
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readHolder(aside))?.nonce !== holder?.nonce) {
      await link(aside, path).catch(() => undefined);
    }
    await unlink(aside);
  } catch {
    // Somebody else moved it first.
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function isGone(holder: Holder): boolean {
  if (holder.host !== hostname()) {
    return false;
  }
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
