import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** How long a test waits for something that must come. */
const DEADLINE_MS = 45_000;

/** Command lines of living processes that name this folder, in their arguments or as where they work. */
export async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of await readdir("/proc")) {
    if (!/^\d+$/.test(id) || Number(id) === process.pid) continue;
    const command = (await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    if (command.includes(folder)) found.push(command);
  }
  return found;
}

/** Waits until no process names the folder; what still does is in the error. */
export async function whenGone(folder: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  let left = await processesOf(folder);
  while (left.length > 0) {
    if (performance.now() > deadline) throw new Error(`still there: ${left.join("; ")}`);
    await delay(50);
    left = await processesOf(folder);
  }
}

/** Waits until the text that `read` gives contains the words; `read` may throw until then. */
export async function whenItSays(read: () => string, words: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    let text = "";
    try {
      text = read();
    } catch {
      // What is read is not there yet.
    }
    if (text.includes(words)) return;
    if (performance.now() > deadline) throw new Error(`never said ${JSON.stringify(words)}: ${text}`);
    await delay(25);
  }
}
