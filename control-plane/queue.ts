import { Logger, run, type TaskList } from "graphile-worker";
import { Pool } from "pg";
import type { DatabaseSettings } from "./db/client.ts";
import type { TaskName, TaskPayloads } from "./db/enqueue.ts";
import type { TaskLog } from "./tasks/context.ts";

/** What each task does when it is woken. It may be woken twice, late, or by another control plane meanwhile. */
export type TaskHandlers = {
  readonly [Name in TaskName]: (payload: TaskPayloads[Name]) => Promise<void>;
};

export interface Queue {
  /** Takes no more tasks and waits for those under way. Safe when repeated. */
  stop(): Promise<void>;
}

/** Tasks at once in one process. Most of their time is spent waiting for git, a backend or a forge. */
const CONCURRENCY = 8;
/** The worker's own connections: one listens, one fetches, the others finish tasks. */
const CONNECTIONS = 4;
/** Fallback for a notification that was lost. */
const POLL_INTERVAL_MS = 2_000;

/**
 * Starts the worker, the only user of graphile-worker and of the `pg` driver. A task that fails is
 * logged and done: its next wake-up is in the database, and the queue's own memory of failures decides nothing.
 */
export async function startQueue(
  settings: DatabaseSettings,
  handlers: TaskHandlers,
  log: TaskLog,
): Promise<Queue> {
  const pool = new Pool({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    ...(settings.password === null ? {} : { password: settings.password }),
    ssl: settings.tls,
    max: CONNECTIONS,
    application_name: "delta queue",
  });
  const lost = (error: Error): void => log.warn({ err: error }, "the queue lost a connection");
  pool.on("error", lost);
  pool.on("connect", (client) => client.on("error", lost));
  const runner = await run({
    pgPool: pool,
    taskList: taskList(handlers, log),
    concurrency: CONCURRENCY,
    pollInterval: POLL_INTERVAL_MS,
    noHandleSignals: true,
    logger: new Logger(() => (level, message) => {
      if (level === "error") {
        log.error({}, message);
      }
    }),
  });
  const stop = async (): Promise<void> => {
    await runner.stop();
    await pool.end();
  };
  let stopping: Promise<void> | null = null;
  return {
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function taskList(handlers: TaskHandlers, log: TaskLog): TaskList {
  const entries = Object.entries(handlers) as [TaskName, (payload: unknown) => Promise<void>][];
  return Object.fromEntries(
    entries.map(([name, handle]) => [
      name,
      async (payload: unknown) => {
        try {
          await handle(payload);
        } catch (error) {
          log.error({ task: name, payload, err: error }, "a task failed; it is woken again");
        }
      },
    ]),
  );
}
