import { createHash } from "node:crypto";
import type { LeaseClient } from "../protocol/client.ts";
import { Refused } from "../protocol/refused.ts";
import { untilAnswered } from "../protocol/retry.ts";
import { Masker } from "./masker.ts";
import type { OutputBudget } from "./output-budget.ts";
import { PendingBytes } from "./pending-bytes.ts";

/** One upload; small enough that a viewer sees steady output, large enough to cost few requests. */
const CHUNK_BYTES = 64 * 1024;
/** Output waits at most this long for more before it is sent. */
const CHUNK_WAIT_MS = 200;
/** Unacknowledged bytes of one stream; past this the process that writes is made to wait. */
const PENDING_BYTES_MAX = 1024 * 1024;

export interface LogStreamOptions {
  readonly stream: number;
  readonly client: Pick<LeaseClient, "appendLog" | "closeLog">;
  readonly masks: readonly Uint8Array[];
  readonly budget: OutputBudget;
  /** For the marker that says output was cut. */
  readonly reserve: OutputBudget;
  /** Gives up at once when it aborts: the lease is lost or its grace is over. */
  readonly signal: AbortSignal;
}

/**
 * One log stream: masks, limits, buffers and uploads what is written, in order, resuming at the
 * acknowledged offset after a lost connection. States: open until `end`, then draining, then done.
 * An upload that is refused for good ends the stream as `broken`; what is written to it later is dropped.
 */
export class LogStream {
  readonly #options: LogStreamOptions;
  readonly #masker: Masker;
  readonly #pending = new PendingBytes(CHUNK_BYTES);
  readonly #digest = createHash("sha256");
  readonly #done: Promise<void>;
  #size = 0;
  #acked = 0;
  #truncated = false;
  #ended = false;
  #broken: string | null = null;
  #wake: (() => void) | null = null;
  #roomWaiters: (() => void)[] = [];

  constructor(options: LogStreamOptions) {
    this.#options = options;
    this.#masker = new Masker(options.masks);
    this.#done = this.#upload();
  }

  /** Why the rest of the stream could not be delivered; null when all is well. */
  get broken(): string | null {
    return this.#broken;
  }

  /** False when the writer should wait for `room` before it writes more. */
  write(bytes: Uint8Array): boolean {
    if (this.#ended) throw new Error("a log stream was written to after its end");
    this.#keep(this.#masker.push(bytes));
    return this.#hasRoom();
  }

  /** Resolves when there is room again, or when nothing is kept any more. */
  async room(): Promise<void> {
    if (!this.#hasRoom()) await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Resolves when every byte is acknowledged and the stream closed, or it was given up. Never rejects. */
  async end(): Promise<void> {
    if (!this.#ended) {
      this.#keep(this.#masker.end());
      this.#ended = true;
      this.#wake?.();
    }
    await this.#done;
  }

  #hasRoom(): boolean {
    return this.#broken !== null || this.#pending.size < PENDING_BYTES_MAX;
  }

  #keep(bytes: Buffer): void {
    if (this.#truncated || this.#broken !== null || bytes.length === 0) return;
    const granted = this.#options.budget.take(bytes.length);
    this.#append(bytes.subarray(0, granted));
    if (granted === bytes.length) return;
    this.#truncated = true;
    const marker = Buffer.from(
      `\n[delta] the log limit of the job is reached; the rest of this output is not kept\n`,
    );
    this.#append(marker.subarray(0, this.#options.reserve.take(marker.length)));
  }

  #append(bytes: Buffer): void {
    this.#pending.append(bytes);
    this.#digest.update(bytes);
    this.#size += bytes.length;
    this.#wake?.();
  }

  async #upload(): Promise<void> {
    try {
      while (await this.#waitForChunk()) await this.#sendHead();
      await this.#close();
    } catch (error) {
      this.#broken = (error as Error).message;
    }
    this.#releaseWriters();
  }

  /** False when the stream has ended and nothing is left to send. */
  async #waitForChunk(): Promise<boolean> {
    const { signal } = this.#options;
    while (!this.#ended && this.#pending.size === 0) await this.#pause(null);
    const deadline = performance.now() + CHUNK_WAIT_MS;
    while (!this.#ended && this.#pending.size < CHUNK_BYTES && performance.now() < deadline)
      await this.#pause(deadline - performance.now());
    signal.throwIfAborted();
    return this.#pending.size > 0;
  }

  /** Sends the same bytes at the same offset until they are answered, so that a repeat never differs. */
  async #sendHead(): Promise<void> {
    const { stream, client, signal } = this.#options;
    const chunk = this.#pending.head();
    const offset = this.#acked;
    let acked: number;
    try {
      acked = (await untilAnswered(signal, () => client.appendLog(stream, offset, chunk, signal))).acked;
    } catch (error) {
      // The control plane knows better where the stream goes on: our earlier send was stored after all.
      if (!(error instanceof Refused) || error.acked === null) throw error;
      acked = error.acked;
      if (acked <= offset || acked > offset + this.#pending.size) throw error;
    }
    if (acked < offset || acked > this.#size)
      throw new Error(`byte ${acked} was acknowledged of a log that holds ${offset} to ${this.#size}`);
    this.#pending.drop(acked - offset);
    this.#acked = acked;
    if (this.#hasRoom()) this.#releaseWriters();
  }

  async #close(): Promise<void> {
    const { stream, client, signal } = this.#options;
    const message = { size: this.#size, sha256: this.#digest.digest("hex"), truncated: this.#truncated };
    await untilAnswered(signal, () => client.closeLog(stream, message));
  }

  async #pause(ms: number | null): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#wake = null;
        resolve();
      };
      const timer = ms === null ? undefined : setTimeout(wake, ms);
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }

  #releaseWriters(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const waiter of waiters) waiter();
  }
}
