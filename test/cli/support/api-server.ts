import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { JobView, RunList, RunSummaryView, RunView } from "../../../schemas/api.ts";

export const TOKEN = "a-token-of-this-test";
export const RUN_ID = "0199a3c4-0000-7000-8000-000000000001";
const ATTEMPT_ID = "0199a3c4-0000-7000-8000-0000000000a1";

/** An API server over real HTTP that holds what a test gives it, and keeps what it was asked. */
export interface ApiServer {
  readonly url: string;
  readonly asked: string[];
  /** Views in the order in which followers get them; the last stands for GET as well. */
  views: RunView[];
  logs: Record<number, string>;
  /** Breaks every connection, now and later, until it is set back. */
  away: boolean;
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
}

export async function startApiServer(views: RunView[]): Promise<ApiServer> {
  const state: ApiServer = { url: "", asked: [], views, logs: {}, away: false, answer: null };
  const server = createServer((request, response) => serve(state, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => stop(server));
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function serve(state: ApiServer, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://server");
  state.asked.push(`${request.method} ${url.pathname}${url.search}`);
  if (state.away) return void request.socket.destroy();
  if (state.answer?.(request, response) === true) return;
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (url.pathname === "/api/v1/health") {
    return send(200, { status: "ok", version: "0.1.0", dispatcher: "local-process" });
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    return send(401, { error: "unauthorized", message: "the token is not known" });
  }
  const last = state.views.at(-1);
  const [, run, action] = /^\/api\/v1\/runs\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
  if (url.pathname === "/api/v1/runs") return send(200, listOf(state.views));
  const stream = /^\/api\/v1\/attempts\/([^/]+)\/logs\/(\d+)$/.exec(url.pathname)?.[2];
  if (stream !== undefined) {
    const bytes = Buffer.from(state.logs[Number(stream)] ?? "");
    return void response.writeHead(200).end(bytes.subarray(Number(url.searchParams.get("offset") ?? 0)));
  }
  if (last === undefined || run !== RUN_ID)
    return send(404, { error: "not_found", message: `there is no run ${run}` });
  if (action === "events") return follow(state, response);
  return send(200, last);
}

function follow(state: ApiServer, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(": a comment keeps the line open\n\n");
  for (const view of state.views) response.write(`event: run\nid: 1\ndata: ${JSON.stringify(view)}\n\n`);
  response.end();
}

function listOf(views: readonly RunView[]): RunList {
  const runs = views.slice(-1).map(({ jobs, diagnostics: _diagnostics, event, ...run }): RunSummaryView => {
    return { ...run, ref: event.ref, jobs_total: jobs.length, jobs_by_state: {} };
  });
  return { version: 1, runs, next: null };
}

export function makeJob(key: string, more: Partial<JobView> = {}): JobView {
  return {
    id: `job-${key}`,
    key,
    required: true,
    state: "succeeded",
    reason: "ok",
    reason_detail: null,
    because: `packages/${key}/index.js changed`,
    pending: null,
    attempts: [
      {
        id: ATTEMPT_ID,
        number: 1,
        state: "succeeded",
        reason: "ok",
        reason_detail: null,
        exit_code: 0,
        pending: null,
        steps: [],
        streams: [
          { stream: 0, name: "runner", acked: 6, closed: true },
          { stream: 1, name: "test", acked: 12, closed: true },
        ],
        artifacts: [],
        created_at: "2026-01-01T00:00:00.000Z",
        started_at: "2026-01-01T00:00:01.000Z",
        finalized_at: "2026-01-01T00:00:04.000Z",
        cancel_receipt: null,
      },
    ],
    started_at: "2026-01-01T00:00:01.000Z",
    finalized_at: "2026-01-01T00:00:04.000Z",
    ...more,
  };
}

export function makeRun(more: Partial<RunView> = {}): RunView {
  return {
    version: 1,
    id: RUN_ID,
    number: 7,
    repository: "shop",
    state: "succeeded",
    reason: "ok",
    reason_detail: null,
    event: {
      kind: "push",
      ref: "refs/heads/main",
      default_branch: "main",
      head: "a".repeat(40),
      before: null,
      forced: false,
      deleted: false,
      pull_request: null,
      trust: "trusted",
      inputs: {},
    },
    head: "a".repeat(40),
    base: null,
    plan_digest: `sha256:${"b".repeat(64)}`,
    diagnostics: [],
    jobs: [makeJob("prices")],
    created_at: "2026-01-01T00:00:00.000Z",
    started_at: "2026-01-01T00:00:01.000Z",
    finalized_at: "2026-01-01T00:00:05.000Z",
    cancel_requested_at: null,
    rerun_of: null,
    ...more,
  };
}
