import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { RunId } from "../../schemas/ids.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import type { Database } from "../db/client.ts";
import { readRunView, type VersionedRun } from "../views/read-run-view.ts";
import type { RunWatch } from "./run-watch.ts";

/** A comment this often keeps proxies from closing a connection on which nothing happens. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Server-sent events of one run: its view on every change, the newest alone when changes come faster
 * than the client reads, until it has ended. The event's id is the run's version; a client that has
 * seen the last one is told 204, on which browsers stop asking.
 */
export async function sendRunEvents(
  reply: FastifyReply,
  database: Database,
  watch: RunWatch,
  first: VersionedRun,
  seen: number | null,
): Promise<void> {
  if (seen === first.version && hasEnded(first)) {
    await reply.code(204).send();
    return;
  }
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  const left = new AbortController();
  response.once("close", () => left.abort());
  let run: VersionedRun | null = first;
  let version = seen;
  while (run !== null && !left.signal.aborted) {
    const isNews: boolean = run.version !== version;
    version = run.version;
    await write(response, isNews ? eventOf(run) : ": still here\n\n", left.signal);
    if (hasEnded(run)) {
      break;
    }
    await watch.changed(run.view.id, version, KEEP_ALIVE_MS, left.signal);
    if (!left.signal.aborted) {
      // A database that is away ends the stream; the client comes back with the version it has.
      run = await readRunView(database, run.view.id as RunId).catch(() => null);
    }
  }
  response.end();
}

function eventOf({ view, version }: VersionedRun): string {
  return `id: ${version}\nevent: run\ndata: ${JSON.stringify(view)}\n\n`;
}

function hasEnded({ view }: VersionedRun): boolean {
  return isTerminal(RUN_TRANSITIONS, view.state);
}

/** Waits for a slow client instead of piling up what it has not read. */
export async function write(
  response: ServerResponse,
  chunk: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (!response.write(chunk) && !signal.aborted) {
    await once(response, "drain", { signal }).catch(() => undefined);
  }
}
