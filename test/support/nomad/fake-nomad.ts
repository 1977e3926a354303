import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type FakeJobBody, FakeNomadState } from "./fake-nomad-state.ts";
import { allocationViews, evaluationViews, jobView, stubView } from "./fake-nomad-views.ts";

/** Nomad's HTTP API over a real socket, with the rules of FakeNomadState. */
export interface FakeNomad {
  readonly address: string;
  readonly state: FakeNomadState;
  /** When set, only these tokens are let in. */
  tokens: Set<string> | null;
  /** Texts that refuse every register while set, as an operator's switch does. */
  registerRefusal: { readonly status: number; readonly text: string } | null;
  /** The cluster's public keys, as JWKs. */
  keys: readonly object[];
  /** The configuration of the client's own agent, as it tells it. */
  agentConfig: object;
  readonly calls: string[];
  /** Of the bodies it answered with. */
  bytesSent: number;
  /** When such a call comes next, by `performance.now`, before it is answered. */
  nextCall(call: string): Promise<number>;
  close(): Promise<void>;
}

const LIVE_FILTER = 'Status != "dead"';

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export async function startFakeNomad(): Promise<FakeNomad> {
  const streams = new Set<ServerResponse>();
  const awaited = new Map<string, (at: number) => void>();
  const state = new FakeNomadState((index, job) => {
    const event = { Topic: "Job", Type: "JobRegistered", Key: job, Namespace: "default", FilterKeys: null };
    const frame = `${JSON.stringify({ Index: index, Events: [{ ...event, Index: index, Payload: {} }] })}\n`;
    for (const stream of streams) stream.write(frame);
  });
  const server = createServer((request, response) => {
    const call = `${request.method} ${(request.url ?? "").split("?")[0]}`;
    awaited.get(call)?.(performance.now());
    awaited.delete(call);
    answer(fake, streams, request, response).catch((error: unknown) => {
      const isRefusal = error instanceof Refusal;
      response.writeHead(isRefusal ? error.status : 500, { "content-type": "text/plain; charset=utf-8" });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeNomad = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    tokens: null,
    registerRefusal: null,
    keys: [],
    agentConfig: { DataDir: "/nowhere", Client: { Enabled: true, NodePool: "default" }, Plugins: null },
    calls: [],
    bytesSent: 0,
    nextCall: (call) => new Promise((resolve) => awaited.set(call, resolve)),
    async close() {
      state.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function answer(
  fake: FakeNomad,
  streams: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://fake");
  const path = decodeURIComponent(url.pathname);
  fake.calls.push(`${request.method} ${path}`);
  if (path === "/.well-known/jwks.json") return void response.end(JSON.stringify({ keys: fake.keys }));
  const token = request.headers["x-nomad-token"];
  if (fake.tokens !== null && !fake.tokens.has(String(token))) throw new Refusal(403, "Permission denied");
  if (path === "/v1/event/stream") {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("{}\n");
    streams.add(response);
    response.once("close", () => streams.delete(response));
    return;
  }
  if (path === "/v1/acl/token/self") throw new Refusal(400, "ACL support disabled");
  const operators = operatorAnswers(fake, path);
  if (operators !== null) return void response.writeHead(200).end(JSON.stringify(operators));
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "x-nomad-index": String(fake.state.index),
  };
  const body =
    path === "/v1/jobs" && request.method === "POST"
      ? register(fake, await readBody(request))
      : path === "/v1/jobs"
        ? listJobs(fake.state, url.searchParams, headers)
        : jobAnswer(fake.state, request.method ?? "GET", path);
  const text = JSON.stringify(body);
  fake.bytesSent += Buffer.byteLength(text);
  response.writeHead(200, headers).end(text);
}

/** One server and one node that has all that containers and machines need. */
function operatorAnswers(fake: FakeNomad, path: string): unknown {
  const able = { Detected: true, Healthy: true, HealthDescription: "Healthy" };
  const node = { ID: "n1", Name: "node-1", NodePool: "default", Status: "ready" };
  switch (path) {
    case "/v1/status/leader":
      return "127.0.0.1:4647";
    case "/v1/agent/members":
      return { Members: [{ Tags: { build: "2.0.5" } }] };
    case "/v1/nodes":
      return [{ ...node, SchedulingEligibility: "eligible", Drivers: { docker: able, qemu: able } }];
    case "/v1/agent/self":
      return { config: fake.agentConfig, stats: {}, member: {} };
    case "/v1/node/n1":
      return { HostVolumes: { "delta-runner": {} } };
    default:
      return null;
  }
}

function register(fake: FakeNomad, text: string): object {
  if (fake.registerRefusal !== null)
    throw new Refusal(fake.registerRefusal.status, fake.registerRefusal.text);
  const { Job, EnforceIndex, JobModifyIndex } = JSON.parse(text) as {
    Job: FakeJobBody;
    EnforceIndex?: boolean;
    JobModifyIndex?: number;
  };
  const pool = Job.NodePool ?? "default";
  if (pool !== "default") throw new Refusal(500, `job "${Job.ID}" is in nonexistent node pool "${pool}"`);
  if (EnforceIndex === true && JobModifyIndex !== 0 && !fake.state.jobs.has(Job.ID)) {
    throw new Refusal(500, `Enforcing job modify index ${JobModifyIndex}: job does not exist`);
  }
  if (EnforceIndex !== true || JobModifyIndex !== 0) {
    throw new Refusal(500, "the fake knows create-only registers alone");
  }
  if (fake.state.jobs.has(Job.ID)) throw new Refusal(500, "Enforcing job modify index 0: job already exists");
  const { evalId, index } = fake.state.register(Job);
  return { EvalID: evalId, EvalCreateIndex: index, JobModifyIndex: index, Warnings: "", Index: index };
}

function listJobs(state: FakeNomadState, query: URLSearchParams, headers: Record<string, string>): object[] {
  const filter = query.get("filter");
  if (filter !== null && filter !== LIVE_FILTER) throw new Refusal(500, "failed to read filter expression");
  const names = [...state.jobs.values()]
    .filter((job) => job.body.ID.startsWith(query.get("prefix") ?? ""))
    .filter((job) => filter === null || state.statusOf(job) !== "dead")
    .sort((a, b) => (a.body.ID < b.body.ID ? -1 : 1))
    .filter((job) => job.body.ID >= (query.get("next_token") ?? ""));
  const size = Number(query.get("per_page") ?? names.length);
  const next = names[size];
  if (next !== undefined) headers["x-nomad-nexttoken"] = next.body.ID;
  return names.slice(0, size).map((job) => stubView(state, job));
}

function jobAnswer(state: FakeNomadState, method: string, path: string): object {
  const [, name = "", part = ""] = /^\/v1\/job\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
  const job = state.jobs.get(name);
  if (method === "DELETE" && part === "") {
    const evalId = state.deregister(name);
    return { EvalID: evalId, EvalCreateIndex: state.index, JobModifyIndex: state.index };
  }
  if (part === "allocations") return job === undefined ? [] : allocationViews(job);
  if (part === "evaluations") return job === undefined ? [] : evaluationViews(job);
  if (name !== "" && part === "" && job !== undefined) return jobView(state, job);
  throw new Refusal(404, "job not found");
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}
