import type { AttemptSpec } from "../../schemas/runner-protocol.ts";
import type { LeaseClient } from "../protocol/client.ts";
import { LogStream } from "./log-stream.ts";
import { MASK_BYTES_MIN, maskForms } from "./mask-forms.ts";
import { Masker } from "./masker.ts";
import { OutputBudget } from "./output-budget.ts";
import { OwnLog } from "./own-log.ts";

/** All log streams of one attempt: its own (stream 0) and one per step that started. */
export class AttemptLogs {
  readonly own: OwnLog;
  readonly #ownStream: LogStream;
  readonly #stepStreams: LogStream[] = [];
  readonly #client: LeaseClient;
  readonly #masks: readonly Uint8Array[];
  readonly #budget: { readonly steps: OutputBudget; readonly runner: OutputBudget };
  readonly #givenUp = new AbortController();
  readonly #signal: AbortSignal;

  /** `secrets` are the runner's own tokens: masked like the job's values, should a tool ever print one. */
  constructor(client: LeaseClient, spec: AttemptSpec, secrets: readonly string[], lost: AbortSignal) {
    this.#client = client;
    this.#masks = maskForms([...spec.masks, ...secrets]);
    this.#budget = OutputBudget.split(spec.log_bytes_max);
    this.#signal = AbortSignal.any([lost, this.#givenUp.signal]);
    this.#ownStream = this.#start(0, this.#budget.runner);
    this.own = new OwnLog(this.#ownStream);
    const short = spec.masks.filter((value) => Buffer.byteLength(value) < MASK_BYTES_MIN).length;
    if (short > 0)
      this.own.say(`${short} values are shorter than ${MASK_BYTES_MIN} bytes and are not masked`);
  }

  open(stream: number): LogStream {
    const opened = this.#start(stream, this.#budget.steps);
    this.#stepStreams.push(opened);
    return opened;
  }

  /** Masks a short text such as a summary. */
  mask(text: string): string {
    const masker = new Masker(this.#masks);
    return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString("utf8");
  }

  /** Resolves when every stream is closed at the control plane or given up. */
  async end(): Promise<void> {
    await Promise.all(this.#stepStreams.map((stream) => stream.end()));
    for (const [index, stream] of this.#stepStreams.entries())
      if (stream.broken !== null)
        this.own.say(`the output of step stream ${index + 1} is incomplete: ${stream.broken}`);
    await this.#ownStream.end();
  }

  /** Stops all uploads at once. Safe when repeated. */
  giveUp(): void {
    this.#givenUp.abort(new Error("the upload was given up"));
  }

  #start(stream: number, budget: OutputBudget): LogStream {
    return new LogStream({
      stream,
      client: this.#client,
      masks: this.#masks,
      budget,
      reserve: this.#budget.runner,
      signal: this.#signal,
    });
  }
}
