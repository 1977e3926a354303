import { setFlagsFromString } from "node:v8";

/** The engine that knows these flags. Another one would complain of those it does not know, and runs as it is. */
const ENGINE = "13.6.";

/** What runs often is compiled by a thread beside; the second is for its first, simple compiler. */
const FLAGS = ["--no-concurrent-recompilation", "--no-concurrent-sparkplug"];

/**
 * Tells the engine that threads which start from now on compile what runs often themselves. A thread that ends while
 * another compiles for it can wait for that one for ever, which waits for it to collect garbage (nodejs/node#54918), and
 * a runner that had reported did not end. The thread that is already running goes on as it was.
 */
export function compileInPlace(): void {
  if (!process.versions.v8.startsWith(ENGINE)) return;
  for (const flag of FLAGS) setFlagsFromString(flag);
}
