import { isMainThread, Worker } from "node:worker_threads";

/** How long a planning process may outlive its parent, at most. */
const LOOK_MS = 500;

/**
 * Loaded before the program of a planning process. A document that spins keeps its own thread from
 * hearing that the parent is gone; this one looks by itself. When the parent ends, by whatever signal, the
 * process is handed to another parent, and this thread ends its group, which the git it started is in.
 */
if (isMainThread) {
  new Worker(new URL(import.meta.url), { execArgv: [] }).unref();
} else {
  const parent = Number(process.env["DELTA_PARENT_PID"]);
  setInterval(() => {
    if (process.ppid !== parent) process.kill(-process.pid, "SIGKILL");
  }, LOOK_MS);
}
