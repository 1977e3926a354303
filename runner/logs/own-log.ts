import type { CommandOutput } from "../processes/command.ts";
import type { LogStream } from "./log-stream.ts";

/** Stream 0: what the runner itself has to say, one line each, marked so that it cannot be taken for output. */
export class OwnLog implements CommandOutput {
  readonly #stream: LogStream;

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  say(line: string): void {
    this.#stream.write(Buffer.from(`[delta] ${line}\n`));
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes);
  }

  room(): Promise<void> {
    return this.#stream.room();
  }
}
