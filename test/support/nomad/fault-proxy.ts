import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as forwardRequest,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** One thing that goes wrong with one call. */
export type Fault =
  /** The connection breaks before Nomad sees the call. */
  | { readonly kind: "drop" }
  /** Nomad carries the call out; its answer is lost. */
  | { readonly kind: "lose_answer" }
  /** Nomad gets the call late, long after the caller gave up. */
  | { readonly kind: "deliver_late"; readonly afterMs: number }
  /** Nomad gets the call twice at the same time. */
  | { readonly kind: "duplicate" }
  /** Nomad does not get the call; the proxy answers. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** And closes the connection, as Nomad does with one client's connections that are too many. */
      readonly closes?: true;
    }
  /** The answer's text is changed, and headers are put over its own. */
  | {
      readonly kind: "rewrite";
      readonly change: (text: string) => string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The answer begins, and then says nothing more until the caller leaves; `settled` waits for that. */
  | { readonly kind: "silence"; readonly first: string }
  /** The answer is these pieces, with pauses between them, and then the connection breaks. */
  | { readonly kind: "pieces"; readonly pieces: readonly (string | Uint8Array)[]; readonly pauseMs: number }
  /** The answer comes one byte at a time. */
  | { readonly kind: "trickle"; readonly pauseMs: number };

/** Stands between the dispatcher and Nomad, real or fake. */
export interface FaultProxy {
  readonly address: string;
  /** The next `times` calls whose "METHOD /path" matches meet the fault. */
  inject(call: RegExp, fault: Fault, times?: number): void;
  /** All calls fail as if nobody listened, until switched back. */
  isDown: boolean;
  /** How often the faults that were injected have yet to be met. */
  unmet(): number;
  /** Every event stream that goes through it breaks now. */
  breakStreams(): void;
  /** Late deliveries are done, and callers have left answers that fell silent. */
  settled(): Promise<void>;
  readonly calls: string[];
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const faults: { call: RegExp; fault: Fault; left: number }[] = [];
  const late = new Set<Promise<unknown>>();
  const streams = new Set<ServerResponse>();
  const calls: string[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = `${request.method} ${(request.url ?? "").split("?")[0]}`;
    calls.push(call);
    if (proxy.isDown) return void request.socket.destroy();
    if (call === "GET /v1/event/stream" && !faults.some((one) => one.left > 0 && one.call.test(call))) {
      streams.add(response);
      response.once("close", () => streams.delete(response));
      return stream(target, request, response);
    }
    const body = await readAll(request);
    const hit = faults.find((one) => one.left > 0 && one.call.test(call));
    if (hit !== undefined) hit.left -= 1;
    const send = (): Promise<Answer> => forward(target, request, body);
    const { fault = null } = hit ?? {};
    if (fault?.kind !== "silence") return await meet(fault, send, response, late);
    late.add(once(response, "close"));
    response.writeHead(200, { "content-type": "application/json" }).write(fault.first);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultProxy = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isDown: false,
    calls,
    inject: (call, fault, times = 1) => void faults.push({ call, fault, left: times }),
    unmet: () => faults.reduce((sum, { left }) => sum + left, 0),
    breakStreams() {
      for (const response of streams) response.destroy();
    },
    settled: async () => void (await Promise.all(late)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

async function meet(
  fault: Exclude<Fault, { kind: "silence" }> | null,
  send: () => Promise<Answer>,
  response: ServerResponse,
  late: Set<Promise<unknown>>,
): Promise<void> {
  switch (fault?.kind) {
    case "drop":
      return void response.destroy();
    case "lose_answer":
      await send();
      return void response.destroy();
    case "deliver_late":
      late.add(delay(fault.afterMs).then(send));
      return;
    case "duplicate": {
      const [first] = await Promise.all([send(), send()]);
      return give(response, first);
    }
    case "answer":
      if (fault.closes === true) response.shouldKeepAlive = false;
      return void response.writeHead(fault.status, { ...fault.headers }).end(fault.body);
    case "rewrite": {
      const answer = await send();
      const body = Buffer.from(fault.change(answer.body.toString("utf8")));
      return give(response, { ...answer, headers: { ...answer.headers, ...fault.headers }, body });
    }
    case "pieces":
      response.writeHead(200, { "content-type": "application/json" });
      for (const piece of fault.pieces) {
        if (response.destroyed) return;
        response.write(piece);
        await delay(fault.pauseMs);
      }
      return void response.destroy();
    case "trickle": {
      const answer = await send();
      response.writeHead(answer.status, headersOf(answer));
      for (const byte of answer.body) {
        if (response.destroyed) return;
        response.write(Buffer.from([byte]));
        await delay(fault.pauseMs);
      }
      return void response.end();
    }
    case undefined:
      return give(response, await send());
  }
}

function give(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, headersOf(answer)).end(answer.body);
}

/** The length is the proxy's own to say, the compression is already undone. */
function headersOf(answer: Answer): Record<string, string | string[]> {
  const dropped = ["content-length", "transfer-encoding", "connection", "content-encoding"];
  return Object.fromEntries(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined || dropped.includes(name) ? [] : [[name, value]],
    ),
  );
}

function forward(target: string, request: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, host: new URL(target).host, connection: "close" };
    const onward = forwardRequest(
      new URL(request.url ?? "/", target),
      { method: request.method, headers, agent: false },
      (answer) => {
        readAll(answer).then(
          (text) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: text }),
          reject,
        );
      },
    );
    onward.once("error", reject);
    onward.end(body);
  });
}

function stream(target: string, request: IncomingMessage, response: ServerResponse): void {
  const onward = forwardRequest(new URL(request.url ?? "/", target), { agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  onward.end();
}

async function readAll(from: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of from) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
