import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

/** The engine that knows these flags. Another one would complain of those it does not know, and runs as it is. */
const ENGINE = "13.6.";

/**
 * V8's own mode for work that has no deadlines within it: only what has run very often is given to the compiler that
 * takes its time, and garbage is collected by one thread. Marking it in steps keeps pauses short, which nobody sees.
 */
const FLAGS = ["--efficiency-mode", "--no-incremental-marking"];

/**
 * Tells the engine that this process gives one answer and ends: what would pay off in minutes is not begun. Not for
 * one that goes on to serve. Call it once what the command needs is loaded, before the work.
 */
export function answerOnce(): void {
  if (!process.versions.v8.startsWith(ENGINE)) return;
  // Compiled code is kept with the flags of the moment at which it is written, and is of no use under others.
  flushCompileCache();
  for (const flag of FLAGS) setFlagsFromString(flag);
}
