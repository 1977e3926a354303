import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createDoor, type ListenOptions } from "node:net";
import { serveGit } from "./git-http-backend.ts";
import { type AttemptOptions, type Message, ProtocolStandIn } from "./protocol-stand-in.ts";
import { refusal, type Reply } from "./stored-logs.ts";

export type CallName = Message["name"] | "source" | "artifact";

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

export interface StandInOptions extends AttemptOptions {
  /** Listens on this Unix socket instead of a loopback port. */
  readonly socketPath?: string;
  readonly fault?: (call: Call) => Fault | undefined;
}

/** The runner's far end for tests, of one attempt: real HTTP, real git. It can be told to fail. */
export class ControlPlaneStandIn extends ProtocolStandIn {
  readonly calls: Call[] = [];
  /** Requests that a control plane would have refused as malformed or out of order. */
  readonly violations: string[] = [];
  url = "";

  readonly #options: StandInOptions;
  readonly #server: Server;
  readonly #listeners = new Set<() => void>();

  private constructor(options: StandInOptions) {
    super(options);
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
    await new Promise<void>((resolve) => this.#server.listen(this.#place, resolve));
    this.url =
      socketPath === undefined
        ? `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
        : `unix:${socketPath}`;
  }

  async stopListening(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Breaks that many connections to where it listened before, whatever comes on them. */
  async breakConnections(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = count;
    const door = createDoor((socket) => {
      socket.on("error", () => {});
      socket.destroy();
      left -= 1;
      if (left <= 0) resolve();
    }).listen(this.#place);
    await promise;
    door.close();
    await once(door, "close");
  }

  count(name: CallName): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Resolves once the condition holds; looked at after every call. */
  async until(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
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

  get #place(): ListenOptions {
    const { socketPath } = this.#options;
    if (socketPath !== undefined) return { path: socketPath };
    return { host: "127.0.0.1", port: this.url === "" ? 0 : Number(new URL(this.url).port) };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "", "http://stand-in");
      const { name, stream, rest } = this.#route(request.method ?? "", url.pathname);
      const bytes = name === "source" ? Buffer.alloc(0) : await readBody(request);
      const isJson = name !== "source" && name !== "artifact" && name !== "logs";
      const body = isJson ? JSON.parse(String(bytes)) : name === "logs" ? bytes : url.pathname;
      const call: Call = { name, count: this.count(name) + 1, stream, body, atMs: performance.now() };
      this.calls.push(call);
      const fault = this.#options.fault?.(call);
      if (fault === "reset") return void request.socket.destroy();
      if (fault === "hang") return;
      if (typeof fault === "object" && "status" in fault)
        return answer(response, refusal(fault.status, "unavailable"));
      if (typeof fault === "object") await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      if (name === "source") return await this.#source(rest, request, response);
      const { authorization } = request.headers;
      const sent = { bytes, query: url.searchParams, authorization };
      const reply =
        name === "artifact"
          ? this.replyToArtifact(request.method ?? "", rest, sent)
          : this.reply({ name, stream, body, ...sent });
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
    if (rest.startsWith("artifacts/")) return { name: "artifact", stream: 0, rest: rest.slice(10) };
    if (method !== "POST") throw new Error("wrong method");
    if (rest === "ack" || rest === "heartbeat" || rest === "complete" || rest === "cancel-ack")
      return { name: rest, stream: 0, rest: "" };
    const log = /^logs\/(0|[1-9]\d{0,2})(\/close)?$/.exec(rest);
    if (!log) throw new Error("no such route");
    return { name: log[2] ? "close" : "logs", stream: Number(log[1]), rest: "" };
  }

  async #source(rest: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.checkLeaseToken(request.headers.authorization);
    await serveGit(`${this.#options.repository.path}/.git`, rest, request, response);
  }
}

function answer(response: ServerResponse, reply: Reply | Buffer): void {
  if (Buffer.isBuffer(reply)) {
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(reply);
    return;
  }
  const { status, body } = reply;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
