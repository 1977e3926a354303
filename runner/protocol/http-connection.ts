import http from "node:http";
import https from "node:https";
import type { Address } from "./address.ts";

/** A claim's reply holds the whole job; everything else is small. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** One attempt talks on a few log streams and one control channel at a time. */
const SOCKETS_MAX = 8;

/** The request may or may not have reached the control plane: repeat it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfterSeconds: number | null;
  readonly body: Buffer;
}

/** Keep-alive connections to one control plane. */
export class HttpConnection {
  readonly #address: Address;
  readonly #agent: http.Agent;

  constructor(address: Address) {
    this.#address = address;
    const options = { keepAlive: true, maxSockets: SOCKETS_MAX };
    this.#agent =
      address.kind === "tcp" && address.secure ? new https.Agent(options) : new http.Agent(options);
  }

  /** Throws ConnectionLost when no whole answer came, and the signal's own reason when that aborted. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    request.signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(request.timeoutMs)));
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    try {
      return await this.#exchange(request, signal);
    } catch (cause) {
      request.signal?.throwIfAborted();
      const why = timeout.aborted ? `no answer within ${request.timeoutMs} ms` : (cause as Error).message;
      throw new ConnectionLost(`${request.method} ${request.path.split("?")[0]}: ${why}`, { cause });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const address = this.#address;
    const target =
      address.kind === "unix"
        ? { socketPath: address.socketPath, host: "localhost" }
        : { host: address.host, port: address.port };
    const module = address.kind === "tcp" && address.secure ? https : http;
    return new Promise((resolve, reject) => {
      const outgoing = module.request(
        {
          ...target,
          agent: this.#agent,
          method: request.method,
          path: request.path,
          headers: { ...request.headers, "content-length": String(request.body.length) },
          signal,
        },
        (answer) => void readAnswer(answer).then(resolve, reject),
      );
      outgoing.once("error", reject);
      outgoing.end(request.body);
    });
  }
}

async function readAnswer(answer: http.IncomingMessage): Promise<HttpAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > ANSWER_BYTES_MAX) {
      answer.destroy();
      throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  const retryAfter = Number(answer.headers["retry-after"] ?? Number.NaN);
  return {
    status: answer.statusCode ?? 0,
    retryAfterSeconds: Number.isFinite(retryAfter) ? Math.max(0, retryAfter) : null,
    body: Buffer.concat(parts),
  };
}
