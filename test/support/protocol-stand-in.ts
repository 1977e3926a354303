import { randomBytes, randomUUID } from "node:crypto";
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
import type { SourceRepository } from "./source-repository.ts";
import { StoredArtifacts } from "./stored-artifacts.ts";
import { refusal, StoredLogs, type Reply } from "./stored-logs.ts";

/** What a runner calls, but for its source. */
type MessageName = "claim" | "ack" | "heartbeat" | "logs" | "close" | "complete" | "cancel-ack";

/** One call of a runner as HTTP brought it. */
export interface Message {
  readonly name: MessageName;
  /** Log stream, for `logs` and `close`. */
  readonly stream: number;
  /** As it was sent. */
  readonly bytes: Buffer;
  /** Read as JSON; the bytes of `logs` as they are. */
  readonly body: unknown;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface AttemptOptions {
  readonly repository: SourceRepository;
  readonly steps: readonly (Partial<StepSpec> & { readonly run: string })[];
  readonly spec?: Partial<AttemptSpec>;
  /** What the attempt may fetch, by `attempt/name`. */
  readonly readable?: ReadonlyMap<string, Buffer>;
  readonly lease?: {
    readonly ttl_ms: number;
    readonly heartbeat_interval_ms: number;
    readonly margin_ms: number;
  };
}

/**
 * What a control plane answers to the runner of one attempt. It checks every message against the protocol's schemas
 * and order, and keeps what it was sent. A message that a control plane would have refused as malformed throws.
 */
export class ProtocolStandIn {
  readonly attemptId = randomUUID();
  readonly claimToken = randomBytes(32).toString("base64url");
  readonly leaseToken = randomBytes(32).toString("base64url");
  readonly leaseId = randomUUID();
  readonly epoch = 7;
  readonly logs = new StoredLogs();
  readonly artifacts: StoredArtifacts;
  complete: CompleteRequest | null = null;
  cancelAck: CancelAckRequest | null = null;

  readonly #options: AttemptOptions;
  readonly #stored = new Map<string, { readonly body: string; readonly reply: Reply }>();
  #nonce: string | null = null;
  #acknowledged = false;
  #expiresAtMs = 0;
  #revoked = false;
  #cancel: { readonly reason: string; readonly graceMs: number } | null = null;

  protected constructor(options: AttemptOptions) {
    this.#options = options;
    this.artifacts = new StoredArtifacts(options.readable ?? new Map());
  }

  /** Answers the next heartbeats with an order to cancel. */
  cancel(reason: string, graceMs: number): void {
    this.#cancel = { reason, graceMs };
  }

  /** From now on every call of the lease is stale. */
  revoke(): void {
    this.#revoked = true;
  }

  get isLeaseOver(): boolean {
    return performance.now() >= this.#expiresAtMs;
  }

  log(stream: number): string {
    return this.logs.get(stream).bytes.toString("utf8");
  }

  protected checkLeaseToken(authorization: string | undefined): void {
    if (authorization !== `Bearer ${this.leaseToken}`) throw new Error("wrong lease token");
  }

  protected reply(message: Message): Reply {
    const { name, stream, bytes, query } = message;
    if (name === "claim") return this.#claim(check(ClaimRequest, message.body));
    this.checkLeaseToken(message.authorization);
    const ended = this.complete !== null || this.cancelAck !== null;
    const isLog = name === "logs" || name === "close";
    const live = !this.#revoked && !this.isLeaseOver && (!ended || isLog);
    const epoch =
      name === "logs" ? Number(query.get("epoch")) : (message.body as { readonly epoch: number }).epoch;
    if (epoch !== this.epoch) throw new Error(`wrong epoch ${epoch}`);
    if (name === "logs") {
      if (!live) return refusal(409, "stale_lease");
      return this.logs.append(stream, Number(query.get("offset")), bytes);
    }
    const key = `${name} ${(message.body as { readonly seq?: number }).seq ?? ""}`;
    const stored = this.#stored.get(key);
    if (stored && name !== "close") {
      if (stored.body === String(bytes)) return stored.reply;
      throw new Error(`${key}: the same number with another body`);
    }
    if (!live) return refusal(409, "stale_lease");
    const reply = this.#answer(name, stream, message.body);
    this.#stored.set(key, { body: String(bytes), reply });
    return reply;
  }

  /** Artifacts are stored and read under a lease that lives and has reported nothing yet. */
  protected replyToArtifact(
    method: string,
    path: string,
    { query, bytes, authorization }: Pick<Message, "query" | "bytes" | "authorization">,
  ): Reply | Buffer {
    this.checkLeaseToken(authorization);
    const epoch = query.has("epoch")
      ? Number(query.get("epoch"))
      : (JSON.parse(bytes.toString()) as { readonly epoch: number }).epoch;
    if (epoch !== this.epoch) throw new Error(`wrong epoch ${epoch}`);
    const ended = this.complete !== null || this.cancelAck !== null;
    if (this.#revoked || this.isLeaseOver || ended) return refusal(409, "stale_lease");
    return this.artifacts.reply(method, path, query, bytes);
  }

  #answer(name: Exclude<MessageName, "claim" | "logs">, stream: number, body: unknown): Reply {
    switch (name) {
      case "ack":
        check(AckRequest, body);
        this.#acknowledged = true;
        return { status: 200, body: { status: "ok" } };
      case "heartbeat":
        check(HeartbeatRequest, body);
        return this.#heartbeat();
      case "close":
        return this.logs.close(stream, check(LogCloseRequest, body));
      case "complete":
        if (!this.#acknowledged) throw new Error("complete before ack");
        if (this.#cancel) return refusal(409, "order");
        this.complete = check(CompleteRequest, body);
        return { status: 200, body: { state: this.complete.outcome } };
      case "cancel-ack":
        if (!this.#cancel) throw new Error("cancel-ack without an order to cancel");
        this.cancelAck = check(CancelAckRequest, body);
        return { status: 200, body: { state: "canceled" } };
      default:
        return name satisfies never;
    }
  }

  #heartbeat(): Reply {
    if (!this.#acknowledged) throw new Error("heartbeat before ack");
    this.#extend();
    const { ttl_ms } = this.#lease();
    if (this.#cancel === null) return { status: 200, body: { status: "extended", ttl_ms } };
    const { reason, graceMs } = this.#cancel;
    return { status: 200, body: { status: "cancel", reason, ttl_ms, grace_ms: graceMs } };
  }

  #claim(request: ClaimRequest): Reply {
    const { proof } = request;
    const proven = proof.kind === "claim_token" && proof.token === this.claimToken;
    if (!proven || request.attempt_id !== this.attemptId) return refusal(401, "unauthorized");
    if (this.#nonce !== null && this.#nonce !== request.boot_nonce) return refusal(401, "unauthorized");
    this.#nonce = request.boot_nonce;
    this.#extend();
    const lease = { id: this.leaseId, token: this.leaseToken, epoch: this.epoch, ...this.#lease() };
    return { status: 200, body: { lease, spec: specOf(this.#options) } };
  }

  #lease(): NonNullable<AttemptOptions["lease"]> {
    return this.#options.lease ?? { ttl_ms: 60_000, heartbeat_interval_ms: 200, margin_ms: 500 };
  }

  #extend(): void {
    this.#expiresAtMs = performance.now() + this.#lease().ttl_ms;
  }
}

function specOf({ repository, steps, spec }: AttemptOptions): AttemptSpec {
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
    artifacts: [],
    needed_artifacts: [],
    absent_artifacts: [],
    cancel_signal: "SIGTERM",
    cancel_grace_ms: 500,
    log_bytes_max: 16 * 1024 * 1024,
    masks: [],
    ...spec,
  };
}

function check<Schema extends TSchema>(schema: Schema, body: unknown) {
  const checked = validate(schema, body);
  if (!checked.ok) throw new Error(checked.fault);
  return checked.value;
}
