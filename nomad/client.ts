import type { Static, TSchema } from "typebox";
import { Pool, type Dispatcher as UndiciDispatcher } from "undici";
import { validate } from "../schemas/validate.ts";
import { createCircuitBreaker, type CircuitBreaker } from "./circuit-breaker.ts";
import type { NomadClientConfig } from "./config.ts";
import { NomadError } from "./nomad-error.ts";
import { nomadErrorFromAnswer } from "./nomad-error-text.ts";
import { connectorFor } from "./tls-connector.ts";
import { NO_TOKEN, tokenFromFile, type TokenSource } from "./token-source.ts";

/** One answer larger than this is refused: 5,000 jobs with their summaries take about 5 MiB. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface NomadCall<Schema extends TSchema> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/v1`, or a `/.well-known` document; every variable part already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Text, not an object: a repeated write sends the very same bytes. */
  readonly body?: string;
  readonly answer: Schema;
  /** The answer is text as it is, such as a log. */
  readonly isText?: true;
  readonly signal?: AbortSignal;
}

export interface NomadAnswer<Value> {
  readonly value: Value;
  /** Where the next page of a list starts; null on the last. */
  readonly nextToken: string | null;
  /** Nomad's own time, as HTTP writes it. */
  readonly date: string | null;
}

/**
 * Nomad's HTTP API with one attempt per call: whoever calls knows whether it may be repeated, so
 * nothing is retried here but a call refused with a token that has been rotated since.
 * Every failure is a NomadError. At most `connections` calls are under way; the rest wait in line and
 * their waiting counts against their time limit.
 */
export class NomadClient {
  readonly #config: NomadClientConfig;
  readonly #pool: Pool;
  /** The event stream holds its connection for good, so it has one of its own. */
  #streamPool: Pool;
  readonly #newStreamPool: () => Pool;
  readonly #token: TokenSource;
  readonly #breaker: CircuitBreaker;

  constructor(config: NomadClientConfig, monotonicMs: () => number = () => performance.now()) {
    this.#config = config;
    this.#token = config.tokenFile === null ? NO_TOKEN : tokenFromFile(config.tokenFile);
    this.#breaker = createCircuitBreaker(monotonicMs);
    const { origin } = new URL(config.address);
    const options = {
      pipelining: 1,
      connect: connectorFor(config.tls, config.connectTimeoutMs),
      headersTimeout: config.requestTimeoutMs,
      bodyTimeout: config.requestTimeoutMs,
    };
    this.#pool = new Pool(origin, { ...options, connections: config.connections });
    this.#newStreamPool = () => new Pool(origin, { ...options, connections: 1, bodyTimeout: 0 });
    this.#streamPool = this.#newStreamPool();
  }

  async call<Schema extends TSchema>(call: NomadCall<Schema>): Promise<NomadAnswer<Static<Schema>>> {
    const what = `${call.method} ${call.path}`;
    const waitMs = this.#breaker.admit();
    if (waitMs > 0) {
      const message = `${what}: not sent, Nomad at ${this.#config.address} has not answered lately`;
      throw new NomadError("unavailable", message, { retryAfterMs: Math.ceil(waitMs) });
    }
    try {
      const answer = await this.#callWithFreshToken(what, call);
      this.#breaker.record(true);
      return answer;
    } catch (cause) {
      const error = cause instanceof NomadError ? cause : this.#transportError(what, cause);
      this.#breaker.record(!error.isUnhealthy);
      throw error;
    }
  }

  /** Breaks every call under way. Safe when repeated. */
  async close(): Promise<void> {
    for (const pool of [this.#pool, this.#streamPool]) if (!pool.destroyed) await pool.destroy();
  }

  /** An endless answer, for the event stream: headers only, the body is the caller's to read or destroy. */
  async open(
    path: string,
    query: readonly (readonly [string, string])[],
    signal: AbortSignal,
  ): Promise<UndiciDispatcher.ResponseData> {
    const what = `GET ${path}`;
    try {
      const token = await this.#token.current();
      const response = await this.#send(this.#streamPool, path, query, { method: "GET", signal, token });
      if (response.statusCode !== 200) throw await this.#refusal(what, response);
      return response;
    } catch (cause) {
      await this.#renewStreamPool();
      throw cause instanceof NomadError ? cause : this.#transportError(what, cause);
    }
  }

  /** A pool whose one connection broke may leave what comes next in its queue for good. */
  async #renewStreamPool(): Promise<void> {
    const old = this.#streamPool;
    if (old.destroyed) return;
    this.#streamPool = this.#newStreamPool();
    await old.destroy();
  }

  async #callWithFreshToken<Schema extends TSchema>(
    what: string,
    call: NomadCall<Schema>,
  ): Promise<NomadAnswer<Static<Schema>>> {
    const used = await this.#token.current();
    try {
      return await this.#callOnce(what, call, used);
    } catch (error) {
      if (!(error instanceof NomadError) || error.failure !== "denied") throw error;
      const current = await this.#token.current();
      if (current === used) throw error;
      return await this.#callOnce(what, call, current);
    }
  }

  async #callOnce<Schema extends TSchema>(
    what: string,
    call: NomadCall<Schema>,
    token: string | null,
  ): Promise<NomadAnswer<Static<Schema>>> {
    const deadline = new AbortController();
    const late = (): void => deadline.abort(new DOMException("no answer in time", "TimeoutError"));
    const timer = setTimeout(late, this.#config.requestTimeoutMs);
    const signal =
      call.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, call.signal]);
    try {
      return await this.#answerTo(what, call, token, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answerTo<Schema extends TSchema>(
    what: string,
    call: NomadCall<Schema>,
    token: string | null,
    signal: AbortSignal,
  ): Promise<NomadAnswer<Static<Schema>>> {
    const response = await this.#send(this.#pool, call.path, Object.entries(call.query ?? {}), {
      method: call.method,
      signal,
      token,
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    if (response.statusCode < 200 || response.statusCode > 299) throw await this.#refusal(what, response);
    const text = await readText(what, response);
    if (headerOf(response, "x-nomad-knownleader") === "false") {
      const message = `${what}: answered by a server that knows no leader, so its answer may be old`;
      throw new NomadError("unavailable", message);
    }
    const answer = validate(call.answer, call.isText === true ? text : parseJson(what, text));
    if (!answer.ok) {
      throw new NomadError("malformed", `${what}: Nomad's answer is not as expected at ${answer.fault}`);
    }
    return {
      value: answer.value,
      nextToken: headerOf(response, "x-nomad-nexttoken"),
      date: headerOf(response, "date"),
    };
  }

  #send(
    pool: Pool,
    path: string,
    query: readonly (readonly [string, string])[],
    options: {
      readonly method: NomadCall<TSchema>["method"];
      readonly signal: AbortSignal;
      readonly token: string | null;
      readonly body?: string;
    },
  ): Promise<UndiciDispatcher.ResponseData> {
    const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));
    search.set("namespace", this.#config.namespace);
    if (this.#config.region !== null) search.set("region", this.#config.region);
    const answer = pool.request({
      method: options.method,
      path: `${path.startsWith("/.well-known/") ? "" : "/v1"}${path}?${search.toString()}`,
      signal: options.signal,
      body: options.body ?? null,
      headers: {
        ...(options.token === null ? {} : { "x-nomad-token": options.token }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
    });
    return orAborted(answer, options.signal);
  }

  async #refusal(what: string, response: UndiciDispatcher.ResponseData): Promise<NomadError> {
    const text = await readText(what, response).catch(() => "");
    return nomadErrorFromAnswer(what, response.statusCode, text, headerOf(response, "retry-after"));
  }

  #transportError(what: string, cause: unknown): NomadError {
    const isTimeout = cause instanceof Error && /Timeout|^AbortError$/.test(cause.name);
    const detail = cause instanceof Error ? cause.message : String(cause);
    return isTimeout
      ? new NomadError("timeout", `${what}: no answer from Nomad at ${this.#config.address} in time`, {
          cause,
        })
      : new NomadError("unreachable", `${what}: cannot reach Nomad at ${this.#config.address}: ${detail}`, {
          cause,
        });
  }
}

/**
 * The answer, or a rejection as soon as the signal aborts. A request that still waits for a connection is not
 * rejected by undici before it has one, which is never where every handshake is broken off.
 */
async function orAborted(
  answer: Promise<UndiciDispatcher.ResponseData>,
  signal: AbortSignal,
): Promise<UndiciDispatcher.ResponseData> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([answer, aborted.promise]);
  } catch (cause) {
    // Whatever comes after all is nobody's.
    void answer.then(({ body }) => body.destroy()).catch(() => null);
    throw cause;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function headerOf(response: UndiciDispatcher.ResponseData, name: string): string | null {
  const value = response.headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === "" ? null : text;
}

async function readText(what: string, { headers, body }: UndiciDispatcher.ResponseData): Promise<string> {
  // A short answer says how long it is, and is no longer.
  if (Number(headers["content-length"]) <= ANSWER_BYTES_MAX) return await body.text();
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new NomadError("malformed", `${what}: Nomad's answer is larger than ${ANSWER_BYTES_MAX} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Writes of operators' things answer with nothing at all. */
function parseJson(what: string, text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch (cause) {
    throw new NomadError("malformed", `${what}: Nomad's answer is not JSON`, { cause });
  }
}
