import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const SCHEMA = pathToFileURL(join(ROOT, "schemas/pipeline.schema.json")).href;
/** What people write into a pipeline so that editors know its schema; it shifts every line by one. */
const MODELINE = `# yaml-language-server: $schema=${SCHEMA}\n`;
const SERVER = join(ROOT, "node_modules/yaml-language-server/bin/yaml-language-server");

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly uri?: string; readonly diagnostics?: readonly { readonly message: string }[] };
  readonly result?: unknown;
}

/** Speaks the language server protocol with a real server over its standard streams. */
class Editor {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #replies = new Map<number, (result: unknown) => void>();
  readonly #findings = new Map<string, (messages: readonly string[]) => void>();
  #buffer = Buffer.alloc(0);
  #lastId = 0;

  constructor() {
    this.#process = spawn(process.execPath, [SERVER, "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
    this.#process.stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  async start(): Promise<void> {
    await this.request("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
    this.#send({ method: "initialized", params: {} });
  }

  /** Opens a document that names our schema in its first line, and waits for what the server finds in it. */
  open(uri: string, text: string): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    this.#findings.set(uri, resolve);
    this.#send({
      method: "textDocument/didOpen",
      params: { textDocument: { uri, languageId: "yaml", version: 1, text: `${MODELINE}${text}` } },
    });
    return promise;
  }

  request(method: string, params: object): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#replies.set(this.#lastId, resolve);
    this.#send({ id: this.#lastId, method, params });
    return promise;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const head = this.#buffer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.#buffer.toString("latin1", 0, head))?.[1]);
      if (this.#buffer.length < head + 4 + length) return;
      const message = JSON.parse(this.#buffer.toString("utf8", head + 4, head + 4 + length)) as Message;
      this.#buffer = this.#buffer.subarray(head + 4 + length);
      this.#handle(message);
    }
  }

  #handle({ id, method, params, result }: Message): void {
    if (method === "textDocument/publishDiagnostics") {
      this.#findings.get(params?.uri ?? "")?.((params?.diagnostics ?? []).map(({ message }) => message));
    } else if (method !== undefined && id !== undefined) {
      this.#send({ id, result: null });
    } else if (id !== undefined) {
      this.#replies.get(id)?.(result);
    }
  }
}

const editor = new Editor();
beforeAll(() => editor.start());
afterAll(() => editor.stop());

async function labelsAt(uri: string, line: number, character: number): Promise<readonly string[]> {
  const result = (await editor.request("textDocument/completion", {
    textDocument: { uri },
    position: { line: line + 1, character },
  })) as {
    readonly items: readonly { readonly label: string }[];
  };
  return result.items.map(({ label }) => label);
}

test("an editor finds nothing wrong in a correct pipeline", async () => {
  const text =
    "version: 1\non: [push]\njobs:\n  test:\n    needs: build\n    matrix: { axes: { node: [22, 24] } }\n    steps: [npm ci, { run: npm test }]\n  build: { steps: [make] }\n";
  expect(await editor.open("file:///correct.yaml", text)).toEqual([]);
});

test("an editor marks an unknown key and a malformed duration", async () => {
  const found = await editor.open(
    "file:///wrong.yaml",
    "version: 1\njobs:\n  test:\n    stpes: [a]\n    timeout: soon\n    steps: [a]\n",
  );
  expect(found.join("\n")).toContain("stpes");
  expect(found).toHaveLength(2);
});

test("an editor completes the keys of a job and the words of a key", async () => {
  const text = "version: 1\njobs:\n  test:\n    steps: [a]\n    \n    runner:\n      os: \n";
  await editor.open("file:///completed.yaml", text);
  expect(await labelsAt("file:///completed.yaml", 4, 4)).toEqual(
    expect.arrayContaining(["needs", "matrix", "timeout", "image", "retry"]),
  );
  expect(await labelsAt("file:///completed.yaml", 6, 10)).toEqual(
    expect.arrayContaining(["linux", "darwin", "windows"]),
  );
});

test("hovering a key shows its description", async () => {
  const uri = "file:///hovered.yaml";
  await editor.open(uri, "version: 1\njobs:\n  test:\n    queue_timeout: 5m\n    steps: [a]\n");
  const hover = await editor.request("textDocument/hover", {
    textDocument: { uri },
    position: { line: 4, character: 8 },
  });
  expect(JSON.stringify(hover)).toContain("wait for a runner");
});
