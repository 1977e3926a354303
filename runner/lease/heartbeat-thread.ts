import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { parseAddress } from "../protocol/address.ts";
import { LeaseClient } from "../protocol/client.ts";
import { HttpConnection } from "../protocol/http-connection.ts";
import { Refused } from "../protocol/refused.ts";
import { isTemporary, retryDelayMs } from "../protocol/retry.ts";
import { monotonicMs } from "../monotonic.ts";
import { LeaseClock } from "./lease-clock.ts";
import type { FromHeartbeatThread, HeartbeatThreadData, Progress, ToHeartbeatThread } from "./messages.ts";

/** A renewal that takes longer is given up for a fresh one. */
const HEARTBEAT_WAIT_MS_MAX = 5_000;

/** Entry of the heartbeat thread; see HeartbeatThread. */
export function runHeartbeatThread(): void {
  if (parentPort === null) throw new Error("the heartbeat thread was started as a process");
  new HeartbeatThread(parentPort, workerData as HeartbeatThreadData).start();
}

/**
 * Renews the lease from a thread with its own event loop and connection, so that a main thread busy
 * with output never costs a heartbeat. Every renewal has a new sequence number, also after a lost
 * answer: a stored answer to a repeated number would tell of a lease time that has already passed.
 */
class HeartbeatThread {
  readonly #port: MessagePort;
  readonly #intervalMs: number;
  readonly #connection: HttpConnection;
  readonly #client: LeaseClient;
  readonly #clock: LeaseClock;
  #progress: Progress = { phase: "starting", steps: [] };
  #seq = 0;
  #ended = false;
  #beatWanted = false;
  #wake: (() => void) | null = null;
  #expiry: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, data: HeartbeatThreadData) {
    this.#port = port;
    this.#intervalMs = data.intervalMs;
    this.#connection = new HttpConnection(parseAddress(data.controlPlane));
    this.#client = new LeaseClient(this.#connection, data.lease);
    this.#clock = new LeaseClock(data.marginMs);
    this.#clock.renewed(data.askedAtMs, data.ttlMs);
  }

  start(): void {
    this.#port.on("message", (message: ToHeartbeatThread) => this.#receive(message));
    this.#watchExpiry();
  }

  #receive(message: ToHeartbeatThread): void {
    switch (message.type) {
      case "begin":
        void this.#run();
        return;
      case "progress":
        this.#progress = message.progress;
        return;
      case "beat":
        this.#beatWanted = true;
        this.#wake?.();
        return;
      case "end":
        this.#end();
        return;
      default:
        message satisfies never;
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#ended) {
      try {
        await this.#renew();
        failures = 0;
        await this.#pause(this.#intervalMs * (0.9 + Math.random() * 0.1));
      } catch (error) {
        if (error instanceof Refused && error.endsLease) return this.#lose(error.message);
        if (!isTemporary(error)) return this.#lose(`a heartbeat was refused: ${(error as Error).message}`);
        failures += 1;
        await this.#pause(Math.min(this.#intervalMs, retryDelayMs(failures, error)));
      }
    }
  }

  async #renew(): Promise<void> {
    this.#beatWanted = false;
    const sentAtMs = monotonicMs();
    this.#seq += 1;
    const { phase, steps } = this.#progress;
    const reply = await this.#client.heartbeat(
      { seq: this.#seq, phase, steps: [...steps] },
      HEARTBEAT_WAIT_MS_MAX,
    );
    if (this.#ended) return;
    this.#clock.renewed(sentAtMs, reply.ttl_ms);
    this.#watchExpiry();
    this.#tell(
      reply.status === "cancel"
        ? { type: "cancel", reason: reply.reason, graceMs: reply.grace_ms }
        : { type: "renewed" },
    );
  }

  /** A timer of its own: a request that hangs must not delay the moment at which the job is stopped. */
  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => {
      if (this.#clock.remainingMs(monotonicMs()) > 0) this.#watchExpiry();
      else this.#lose("the lease could not be renewed in time");
    }, this.#clock.remainingMs(monotonicMs()));
  }

  async #pause(ms: number): Promise<void> {
    if (this.#beatWanted || this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #lose(why: string): void {
    if (this.#ended) return;
    this.#tell({ type: "lost", why });
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#expiry);
    this.#connection.close();
    this.#port.close();
    this.#wake?.();
  }

  #tell(message: FromHeartbeatThread): void {
    this.#port.postMessage(message, []);
  }
}
