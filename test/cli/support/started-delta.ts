import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type RunOptions, startDelta } from "./delta.ts";

/** A command that serves until it is stopped, and all that it prints. */
export class StartedDelta {
  readonly child: ChildProcess;
  readonly #name: string;
  readonly #closed: Promise<unknown[]>;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], options: RunOptions) {
    this.#name = `delta ${args.join(" ")}`;
    this.child = startDelta(args, options);
    this.#closed = once(this.child, "close");
    this.child.stdin?.on("error", () => {}).end();
    this.child.stdout?.on("data", (bytes: Buffer) => (this.#stdout += bytes.toString()));
    this.child.stderr?.on("data", (bytes: Buffer) => (this.#stderr += bytes.toString()));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The line of JSON that it prints when it serves. Rejects when it ends before. */
  async answer(): Promise<Record<string, string>> {
    const output = this.child.stdout;
    const ended = this.#closed.then(() => {
      throw new Error(`it ended without an answer: ${this.described()}`);
    });
    while (!this.#stdout.includes("\n")) await Promise.race([once(output ?? this.child, "data"), ended]);
    ended.catch(() => null);
    return JSON.parse(this.#stdout) as Record<string, string>;
  }

  /** Exit code and signal, once it has ended and all that it printed is here. */
  async ended(): Promise<readonly unknown[]> {
    return await this.#closed;
  }

  /** Ends it as a person would, and waits for that. Safe when repeated. */
  async stop(): Promise<readonly unknown[]> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
    return await this.#closed;
  }

  /** For a failure: what it is, how it stands and what it printed. */
  described(): string {
    const { pid, exitCode, signalCode } = this.child;
    const state = exitCode ?? signalCode ?? `process ${pid}`;
    return `── ${this.#name}: ${state}\n${this.#stdout}${this.#stderr}`;
  }
}
