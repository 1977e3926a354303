import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

/** The engine that knows the flag. Another one would complain of one it does not know, and runs as it is. */
const ENGINE = "13.6.";

/**
 * What has run often is compiled by Maglev and not given to TurboFan as well, whose code would pay off in minutes. That
 * garbage is marked in steps has to stay: without it a thread that compiles waits for the main thread when memory runs
 * short, and a process that exits meanwhile waits for that thread, for ever (ADR 38).
 */
const FLAG = "--no-opt";

/**
 * Tells the engine that this process gives one answer and ends: what would pay off in minutes is not begun. Not for
 * one that goes on to serve. Call it once what the command needs is loaded, before the work.
 */
export function answerOnce(): void {
  if (!process.versions.v8.startsWith(ENGINE)) return;
  // Compiled code is kept with the flags of the moment at which it is written, and is of no use under others.
  flushCompileCache();
  setFlagsFromString(FLAG);
}
