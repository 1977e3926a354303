import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TSchema } from "typebox";
import {
  AckRequest,
  CancelAckRequest,
  ClaimRequest,
  CompleteRequest,
  HeartbeatRequest,
  LogCloseRequest,
  type AttemptSpec,
  type StepSpec,
} from "../../schemas/runner-protocol.ts";
import { validate } from "../../schemas/validate.ts";
import { serveGit } from "./git-http-backend.ts";
import type { SourceRepository } from "./source-repository.ts";
import { refusal, StoredLogs, type Reply } from "./stored-logs.ts";

export type CallName =
  | "claim"
  | "ack"
  | "heartbeat"
  | "logs"
  | "close"
  | "complete"
  | "cancel-ack"
  | "source";

export interface Call {
  readonly name: CallName;
  /** Which call of this name it is, from 1. */
  readonly count: number;
  /** Log stream, for `logs` and `close`. */
  readonly stream: number;
  readonly body: unknown;
  readonly atMs: number;
}

/**
 * What happens to one call. reset: the connection breaks before it is heard. swallow: it takes effect and
 * its answer is lost. hang: no answer ever. A number is the status of an answer that says so.
 */
export type Fault = "reset" | "swallow" | "hang" | { readonly status: number } | { readonly delayMs: number };

export interface StandInOptions {
  readonly repository: SourceRepository;
  readonly steps: readonly (Partial<StepSpec> & { readonly run: string })[];
  readonly spec?: Partial<AttemptSpec>;
  readonly lease?: {
    readonly ttl_ms: number;
    readonly heartbeat_interval_ms: number;
    readonly margin_ms: number;
  };
  /** Listens on this Unix socket instead of a loopback port. */
  readonly socketPath?: string;
  readonly fault?: (call: Call) => Fault | undefined;
}

/**
 * The runner's far end for tests: real HTTP, real git, one attempt. It checks every request against the
 * protocol's schemas and order, keeps what it was sent, and can be told to fail.
 */
export class ControlPlaneStandIn {
  readonly attemptId = randomUUID();
  readonly claimToken = randomBytes(32).toString("base64url");
  readonly leaseToken = randomBytes(32).toString("base64url");
  readonly leaseId = randomUUID();
  readonly epoch = 7;
  readonly calls: Call[] = [];
  /** Requests that a control plane would have refused as malformed or out of order. */
  readonly violations: string[] = [];
  readonly logs = new StoredLogs();
  url = "";
  complete: CompleteRequest | null = null;
  cancelAck: CancelAckRequest | null = null;

  readonly #options: StandInOptions;
  readonly #server: Server;
  readonly #stored = new Map<string, { readonly body: string; readonly reply: Reply }>();
  readonly #listeners = new Set<() => void>();
  #nonce: string | null = null;
  #acknowledged = false;
  #expiresAtMs = 0;
  #revoked = false;
  #cancel: { readonly reason: string; readonly graceMs: number } | null = null;

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: StandInOptions): Promise<ControlPlaneStandIn> {
    const standIn = new ControlPlaneStandIn(options);
    await standIn.listen();
    return standIn;
  }

  /** Starts listening, again on the same place after `stopListening`. */
  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    const port = this.url === "" ? 0 : Number(new URL(this.url).port);
    const place = socketPath === undefined ? { host: "127.0.0.1", port } : { path: socketPath };
    await new Promise<void>((resolve) => this.#server.listen(place, resolve));
    this.url =
      socketPath === undefined
        ? `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
        : `unix:${socketPath}`;
  }

  async stopListening(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Answers the next heartbeats with an order to cancel. */
  cancel(reason: string, graceMs: number): void {
    this.#cancel = { reason, graceMs };
  }

  /** From now on every call of the lease is stale. */
  revoke(): void {
    this.#revoked = true;
  }

  log(stream: number): string {
    return this.logs.get(stream).bytes.toString("utf8");
  }

  count(name: CallName): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Resolves once the condition holds; looked at after every call. */
  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(
          new Error(`the runner did not get there; calls: ${this.calls.map((call) => call.name).join(" ")}`),
        );
      }, timeoutMs);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "", "http://stand-in");
      const route = this.#route(request.method ?? "", url.pathname);
      const body = route.name === "source" ? Buffer.alloc(0) : await readBody(request);
      const call: Call = {
        name: route.name,
        count: this.count(route.name) + 1,
        stream: route.stream,
        body:
          route.name === "logs" ? body : route.name === "source" ? url.pathname : JSON.parse(String(body)),
        atMs: performance.now(),
      };
      this.calls.push(call);
      const fault = this.#options.fault?.(call);
      if (fault === "reset") return void request.socket.destroy();
      if (fault === "hang") return;
      if (typeof fault === "object" && "status" in fault)
        return answer(response, refusal(fault.status, "unavailable"));
      if (typeof fault === "object") await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      if (route.name === "source") return await this.#source(route.rest, request, response);
      const reply = this.#reply(call, request, url, body);
      if (fault === "swallow") return void request.socket.destroy();
      answer(response, reply);
    } catch (error) {
      this.violations.push(`${request.method} ${request.url}: ${(error as Error).message}`);
      answer(response, refusal(400, "invalid_request"));
    } finally {
      for (const listener of this.#listeners) listener();
    }
  }

  #route(method: string, path: string): { name: CallName; stream: number; rest: string } {
    if (method === "POST" && path === "/runner/v1/claim") return { name: "claim", stream: 0, rest: "" };
    const prefix = `/runner/v1/leases/${this.leaseId}/`;
    if (!path.startsWith(prefix)) throw new Error("no such route");
    const rest = path.slice(prefix.length);
    if (rest.startsWith("source.git/")) return { name: "source", stream: 0, rest: rest.slice(10) };
    if (method !== "POST") throw new Error("wrong method");
    if (rest === "ack" || rest === "heartbeat" || rest === "complete" || rest === "cancel-ack")
      return { name: rest, stream: 0, rest: "" };
    const log = /^logs\/(0|[1-9]\d{0,2})(\/close)?$/.exec(rest);
    if (!log) throw new Error("no such route");
    return { name: log[2] ? "close" : "logs", stream: Number(log[1]), rest: "" };
  }

  #reply(call: Call, request: IncomingMessage, url: URL, body: Buffer): Reply {
    if (call.name === "claim") return this.#claim(check(ClaimRequest, call.body));
    if (request.headers.authorization !== `Bearer ${this.leaseToken}`) throw new Error("wrong lease token");
    const ended = this.complete !== null || this.cancelAck !== null;
    const isLog = call.name === "logs" || call.name === "close";
    const live = !this.#revoked && performance.now() < this.#expiresAtMs && (!ended || isLog);
    const bodyEpoch =
      call.name === "logs" ? Number(url.searchParams.get("epoch")) : (call.body as { epoch: number }).epoch;
    if (bodyEpoch !== this.epoch) throw new Error(`wrong epoch ${bodyEpoch}`);
    if (call.name === "logs") {
      if (!live) return refusal(409, "stale_lease");
      return this.logs.append(call.stream, Number(url.searchParams.get("offset")), body);
    }
    const key = `${call.name} ${(call.body as { seq?: number }).seq ?? ""}`;
    const stored = this.#stored.get(key);
    if (stored && call.name !== "close") {
      if (stored.body === String(body)) return stored.reply;
      throw new Error(`${key}: the same number with another body`);
    }
    if (!live) return refusal(409, "stale_lease");
    const reply = this.#message(call);
    this.#stored.set(key, { body: String(body), reply });
    return reply;
  }

  #message(call: Call): Reply {
    switch (call.name) {
      case "ack":
        check(AckRequest, call.body);
        this.#acknowledged = true;
        return { status: 200, body: { status: "ok" } };
      case "heartbeat": {
        check(HeartbeatRequest, call.body);
        if (!this.#acknowledged) throw new Error("heartbeat before ack");
        this.#extend();
        const { ttl_ms } = this.#lease();
        const cancel = this.#cancel;
        return cancel
          ? {
              status: 200,
              body: { status: "cancel", reason: cancel.reason, ttl_ms, grace_ms: cancel.graceMs },
            }
          : { status: 200, body: { status: "extended", ttl_ms } };
      }
      case "close":
        return this.logs.close(call.stream, check(LogCloseRequest, call.body));
      case "complete":
        if (!this.#acknowledged) throw new Error("complete before ack");
        if (this.#cancel) return refusal(409, "order");
        this.complete = check(CompleteRequest, call.body);
        return { status: 200, body: { state: this.complete.outcome } };
      case "cancel-ack":
        if (!this.#cancel) throw new Error("cancel-ack without an order to cancel");
        this.cancelAck = check(CancelAckRequest, call.body);
        return { status: 200, body: { state: "canceled" } };
      case "claim":
      case "logs":
      case "source":
        throw new Error(`${call.name} is no message of a lease`);
      default:
        return call.name satisfies never;
    }
  }

  #claim(request: ClaimRequest): Reply {
    const { proof } = request;
    const proven = proof.kind === "claim_token" && proof.token === this.claimToken;
    if (!proven || request.attempt_id !== this.attemptId) return refusal(401, "unauthorized");
    if (this.#nonce !== null && this.#nonce !== request.boot_nonce) return refusal(401, "unauthorized");
    this.#nonce = request.boot_nonce;
    this.#extend();
    const lease = { id: this.leaseId, token: this.leaseToken, epoch: this.epoch, ...this.#lease() };
    return { status: 200, body: { lease, spec: this.#spec() } };
  }

  #spec(): AttemptSpec {
    const { repository, steps, spec } = this.#options;
    return {
      run_id: "0198c0de-0000-7000-8000-000000000001",
      job_key: "build",
      attempt_number: 1,
      commit: repository.commit,
      ref: "refs/heads/main",
      checkout: { depth: 1 },
      workdir: ".",
      shell: ["/bin/sh", "-e", "-c"],
      env: {},
      steps: steps.map((step, index) => ({
        name: `step ${index + 1}`,
        env: {},
        timeout_ms: null,
        continue_on_error: false,
        always: false,
        ...step,
      })),
      timeout_ms: 60_000,
      no_output_timeout_ms: null,
      outputs: [],
      cancel_signal: "SIGTERM",
      cancel_grace_ms: 500,
      log_bytes_max: 16 * 1024 * 1024,
      masks: [],
      ...spec,
    };
  }

  #lease(): NonNullable<StandInOptions["lease"]> {
    return this.#options.lease ?? { ttl_ms: 10_000, heartbeat_interval_ms: 200, margin_ms: 500 };
  }

  #extend(): void {
    this.#expiresAtMs = performance.now() + this.#lease().ttl_ms;
  }

  async #source(rest: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== `Bearer ${this.leaseToken}`) throw new Error("wrong lease token");
    await serveGit(`${this.#options.repository.path}/.git`, rest, request, response);
  }
}

function check<Schema extends TSchema>(schema: Schema, body: unknown) {
  const checked = validate(schema, body);
  if (!checked.ok) throw new Error(checked.fault);
  return checked.value;
}

function answer(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
