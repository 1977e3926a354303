import { readdir, readFile } from "node:fs/promises";
import { withDeadline } from "../../support/deadline.ts";

/** How long a test waits for something that must come. */
const DEADLINE_MS = 90_000;

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
  let left: readonly string[] = [];
  await withDeadline(
    "every process of the folder to end",
    DEADLINE_MS,
    async () => {
      left = await processesOf(folder);
      return left.length === 0;
    },
    async () => left.join("; "),
  );
}

/** Waits until the text that `read` gives contains the words; `read` may throw until then. */
export async function whenItSays(read: () => string, words: string): Promise<void> {
  let text = "";
  await withDeadline(
    `the words ${JSON.stringify(words)}`,
    DEADLINE_MS,
    async () => {
      text = read();
      return text.includes(words);
    },
    async () => text,
  );
}
