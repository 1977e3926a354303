import type { Static, TSchema } from "typebox";
import { ArtifactReply, type ArtifactCloseRequest } from "../../schemas/artifact-messages.ts";
import {
  AckReply,
  ClaimReply,
  CompleteReply,
  HeartbeatReply,
  LogReply,
  ProtocolError,
  type CancelAckRequest,
  type ClaimRequest,
  type CompleteRequest,
  type HeartbeatRequest,
  type LogCloseRequest,
} from "../../schemas/runner-protocol.ts";
import { validate } from "../../schemas/validate.ts";
import { ConnectionLost, type HttpAnswer, type HttpConnection } from "./http-connection.ts";
import { Refused } from "./refused.ts";

/** A healthy control plane answers in milliseconds; this is long enough for one that restarts. */
export const ANSWER_WAIT_MS = 10_000;
/** Bytes are acknowledged after they are durable, which a slow store may delay. */
const STORED_WAIT_MS = 60_000;

export interface LeaseCredentials {
  readonly id: string;
  readonly token: string;
  readonly epoch: number;
}

/** One try of a claim. Throws Refused or ConnectionLost. */
export async function claimAttempt(
  connection: HttpConnection,
  request: ClaimRequest,
  signal: AbortSignal,
): Promise<ClaimReply> {
  const answer = await connection.send({
    method: "POST",
    path: "/runner/v1/claim",
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(request)),
    timeoutMs: ANSWER_WAIT_MS,
    signal,
  });
  return readReply(ClaimReply, answer);
}

type WithoutEpoch<T> = Omit<T, "epoch">;

/** The calls of one lease, one try each. All throw Refused or ConnectionLost. */
export class LeaseClient {
  readonly #connection: HttpConnection;
  readonly #lease: LeaseCredentials;

  constructor(connection: HttpConnection, lease: LeaseCredentials) {
    this.#connection = connection;
    this.#lease = lease;
  }

  async acknowledge(seq: number): Promise<void> {
    await this.#call(AckReply, "ack", { seq });
  }

  heartbeat(message: WithoutEpoch<HeartbeatRequest>, timeoutMs: number): Promise<HeartbeatReply> {
    return this.#call(HeartbeatReply, "heartbeat", message, timeoutMs);
  }

  closeLog(stream: number, message: WithoutEpoch<LogCloseRequest>): Promise<LogReply> {
    return this.#call(LogReply, `logs/${stream}/close`, message);
  }

  complete(message: WithoutEpoch<CompleteRequest>): Promise<CompleteReply> {
    return this.#call(CompleteReply, "complete", message);
  }

  acknowledgeCancel(message: WithoutEpoch<CancelAckRequest>): Promise<CompleteReply> {
    return this.#call(CompleteReply, "cancel-ack", message);
  }

  appendLog(stream: number, offset: number, bytes: Uint8Array, signal: AbortSignal): Promise<LogReply> {
    return this.#append(LogReply, `logs/${stream}`, offset, bytes, signal);
  }

  appendArtifact(
    name: string,
    offset: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<ArtifactReply> {
    return this.#append(ArtifactReply, `artifacts/${name}`, offset, bytes, signal);
  }

  closeArtifact(name: string, message: WithoutEpoch<ArtifactCloseRequest>): Promise<ArtifactReply> {
    return this.#call(ArtifactReply, `artifacts/${name}/close`, message, STORED_WAIT_MS);
  }

  /** The next bytes of an artifact from there on, as many as come at once; none at its end. */
  async readArtifact(attempt: string, name: string, offset: number, signal: AbortSignal): Promise<Buffer> {
    const answer = await this.#connection.send({
      method: "GET",
      path: `${this.#path(`artifacts/${attempt}/${name}`)}?epoch=${this.#lease.epoch}&offset=${offset}`,
      headers: this.#authorization(),
      body: Buffer.alloc(0),
      timeoutMs: STORED_WAIT_MS,
      signal,
    });
    return answer.status === 200 ? answer.body : throwRefusal(answer);
  }

  async #append<Schema extends TSchema>(
    schema: Schema,
    name: string,
    offset: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Static<Schema>> {
    const answer = await this.#connection.send({
      method: "POST",
      path: `${this.#path(name)}?epoch=${this.#lease.epoch}&offset=${offset}`,
      headers: { ...this.#authorization(), "content-type": "application/octet-stream" },
      body: bytes,
      timeoutMs: STORED_WAIT_MS,
      signal,
    });
    return readReply(schema, answer);
  }

  async #call<Schema extends TSchema>(
    schema: Schema,
    name: string,
    message: object,
    timeoutMs: number = ANSWER_WAIT_MS,
  ): Promise<Static<Schema>> {
    const answer = await this.#connection.send({
      method: "POST",
      path: this.#path(name),
      headers: { ...this.#authorization(), "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ epoch: this.#lease.epoch, ...message })),
      timeoutMs,
    });
    return readReply(schema, answer);
  }

  #path(name: string): string {
    return `/runner/v1/leases/${this.#lease.id}/${name}`;
  }

  #authorization(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.#lease.token}` };
  }
}

function readReply<Schema extends TSchema>(schema: Schema, answer: HttpAnswer): Static<Schema> {
  if (answer.status < 200 || answer.status >= 300) throwRefusal(answer);
  const reply = validate(schema, parseJson(answer.body));
  if (reply.ok) return reply.value;
  // Something between answered, or a plane of another version is being replaced: ask again.
  throw new ConnectionLost(`the reply does not fit the protocol: ${reply.fault}`);
}

function throwRefusal(answer: HttpAnswer): never {
  const retryAfterMs = answer.retryAfterSeconds === null ? null : answer.retryAfterSeconds * 1_000;
  const error = validate(ProtocolError, parseJson(answer.body));
  if (!error.ok) throw new Refused(answer.status, null, `status ${answer.status}`, { retryAfterMs });
  const { error: code, message, acked } = error.value;
  throw new Refused(answer.status, code, `${code}: ${message}`, { acked, retryAfterMs });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
