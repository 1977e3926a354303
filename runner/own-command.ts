import { readFileSync } from "node:fs";

/**
 * How this process was started, up to its script: inside an image without a C library that is a loader with its own
 * arguments, of which Node knows nothing. Read before the process gives itself a title, which overwrites it.
 */
export function readOwnCommand(): readonly string[] {
  const [, script = "", ...args] = process.argv;
  try {
    const words = readFileSync("/proc/self/cmdline", "utf8").replace(/\0$/, "").split("\0");
    return [...words.slice(0, words.length - args.length - 1), script];
  } catch {
    // Not Linux: there Node is started by its own name.
    return [process.execPath, ...process.execArgv, script];
  }
}
