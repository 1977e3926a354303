import { Worker } from "node:worker_threads";
import { compileInPlace } from "./compile-in-place.ts";
import type { FromHeartbeatThread, HeartbeatThreadData, Progress, ToHeartbeatThread } from "./messages.ts";

export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

export interface CancelOrder {
  readonly reason: string;
  readonly graceMs: number;
}

export type RenewalAnswer = "renewed" | "cancel" | "lost";

/**
 * The runner's side of its lease. Kept alive by the heartbeat thread from `begin` to `end`; `lost` aborts with a
 * LeaseLost when it is refused or could not be renewed in time, and never un-aborts.
 */
export class Lease {
  readonly lost: AbortSignal;
  readonly #lost = new AbortController();
  readonly #worker: Worker;
  readonly #cancelListeners: ((order: CancelOrder) => void)[] = [];
  #cancelOrder: CancelOrder | null = null;
  #answerWaiters: ((answer: RenewalAnswer) => void)[] = [];
  #ended = false;

  /** `threadEntry` is the module that calls runHeartbeatThread when its worker data says so. */
  constructor(threadEntry: URL, data: HeartbeatThreadData) {
    this.lost = this.#lost.signal;
    compileInPlace();
    this.#worker = new Worker(threadEntry, { workerData: data, env: {}, stdin: false });
    this.#worker.on("message", (message: FromHeartbeatThread) => this.#receive(message));
    this.#worker.on("error", (error) => this.#lose(`the heartbeat thread failed: ${error.message}`));
    this.#worker.on("exit", () => this.#lose("the heartbeat thread ended"));
  }

  get cancelOrder(): CancelOrder | null {
    return this.#cancelOrder;
  }

  /** Called once, at the first order to cancel; at once when it has already come. */
  onCancel(listener: (order: CancelOrder) => void): void {
    if (this.#cancelOrder) listener(this.#cancelOrder);
    else this.#cancelListeners.push(listener);
  }

  /** Starts the heartbeats; called once, when the lease is acknowledged. */
  begin(): void {
    this.#post({ type: "begin" });
  }

  /** What the next heartbeats tell. */
  report(progress: Progress): void {
    this.#post({ type: "progress", progress });
  }

  /** Asks the control plane now and says what it answered. Waits as long as the lease can be trusted. */
  async ask(): Promise<RenewalAnswer> {
    const answer = this.nextAnswer();
    this.#post({ type: "beat" });
    return await answer;
  }

  /** The answer to the next heartbeat. */
  async nextAnswer(): Promise<RenewalAnswer> {
    if (this.lost.aborted) return "lost";
    return await new Promise((resolve) => this.#answerWaiters.push(resolve));
  }

  /** Stops renewing. Safe when repeated. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#post({ type: "end" });
    await this.#worker.terminate();
  }

  #receive(message: FromHeartbeatThread): void {
    if (message.type === "lost") return this.#lose(message.why);
    if (message.type === "cancel" && this.#cancelOrder === null) {
      this.#cancelOrder = { reason: message.reason, graceMs: message.graceMs };
      for (const listener of this.#cancelListeners) listener(this.#cancelOrder);
    }
    this.#answer(message.type);
  }

  #lose(why: string): void {
    if (this.#ended || this.lost.aborted) return;
    this.#lost.abort(new LeaseLost(why));
    this.#answer("lost");
  }

  #answer(answer: RenewalAnswer): void {
    const waiters = this.#answerWaiters;
    this.#answerWaiters = [];
    for (const waiter of waiters) waiter(answer);
  }

  #post(message: ToHeartbeatThread): void {
    this.#worker.postMessage(message, []);
  }
}
