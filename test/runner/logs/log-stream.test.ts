import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { LogStream } from "../../../runner/logs/log-stream.ts";
import { OutputBudget } from "../../../runner/logs/output-budget.ts";
import { PendingBytes } from "../../../runner/logs/pending-bytes.ts";
import { ConnectionLost } from "../../../runner/protocol/http-connection.ts";
import { Refused } from "../../../runner/protocol/refused.ts";

/** The far end of one stream; `answer` may throw in place of an answer, before or after the bytes are kept. */
class FarEnd {
  bytes = Buffer.alloc(0);
  closed: { size: number; sha256: string; truncated: boolean } | null = null;
  sends = 0;
  before: () => Promise<void> | void = () => {};
  after: (offset: number) => void = () => {};

  async appendLog(_stream: number, offset: number, chunk: Uint8Array) {
    this.sends += 1;
    await this.before();
    if (offset > this.bytes.length) throw new Refused(416, "log_gap", "gap", { acked: this.bytes.length });
    const known = this.bytes.subarray(offset, offset + chunk.length);
    expect(Buffer.from(chunk).subarray(0, known.length).equals(known)).toBe(true);
    this.bytes = Buffer.concat([this.bytes, chunk.subarray(known.length)]);
    this.after(offset);
    return { acked: this.bytes.length };
  }

  async closeLog(_stream: number, message: { size: number; sha256: string; truncated: boolean }) {
    this.closed = message;
    return { acked: this.bytes.length };
  }
}

function open(
  farEnd: FarEnd,
  { limit = 1 << 30, masks = [] as string[], signal = new AbortController().signal } = {},
) {
  return new LogStream({
    stream: 1,
    client: farEnd,
    masks: masks.map((mask) => Buffer.from(mask)),
    budget: new OutputBudget(limit),
    reserve: new OutputBudget(1_000),
    signal,
  });
}

test("what was written arrives whole and in order, and the close names its size and digest", async () => {
  const farEnd = new FarEnd();
  const stream = open(farEnd);
  const text = Buffer.from(Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
  for (let at = 0; at < text.length; at += 777) {
    if (!stream.write(text.subarray(at, at + 777))) await stream.room();
  }
  await stream.end();
  expect(farEnd.bytes.equals(text)).toBe(true);
  const sha256 = createHash("sha256").update(text).digest("hex");
  expect(farEnd.closed).toEqual({ size: text.length, sha256, truncated: false });
});

test("a million writes of one byte cost a few requests", async () => {
  const farEnd = new FarEnd();
  const stream = open(farEnd);
  for (let index = 0; index < 1_000_000; index++)
    if (!stream.write(Buffer.of(index & 0xff))) await stream.room();
  await stream.end();
  expect(farEnd.bytes.length).toBe(1_000_000);
  expect(farEnd.bytes.every((byte, index) => byte === (index & 0xff))).toBe(true);
  expect(farEnd.sends).toBeLessThan(100);
});

test("a writer is made to wait while the far end does not answer, and memory stays bounded", async () => {
  const farEnd = new FarEnd();
  let release = (): void => {};
  const blocked = new Promise<void>((resolve) => (release = resolve));
  farEnd.before = () => blocked;
  const stream = open(farEnd);
  let written = 0;
  while (stream.write(Buffer.alloc(10_000, "x"))) {
    written += 10_000;
    expect(written).toBeLessThan(2 * 1024 * 1024);
  }
  const waited = stream.room();
  release();
  await waited;
  await stream.end();
  expect(farEnd.bytes.length).toBe(written + 10_000);
});

test("lost answers and lost requests repeat the same bytes at the same offset", async () => {
  const farEnd = new FarEnd();
  farEnd.before = () => {
    if (farEnd.sends % 3 === 1) throw new ConnectionLost("cut before");
  };
  farEnd.after = () => {
    if (farEnd.sends % 3 === 2) throw new ConnectionLost("cut after");
  };
  const stream = open(farEnd);
  const text = Buffer.alloc(300_000, "abcdefg");
  stream.write(text);
  await stream.end();
  expect(farEnd.bytes.equals(text)).toBe(true);
  expect(farEnd.closed?.size).toBe(text.length);
});

test("a far end that already has more says where the stream goes on", async () => {
  const farEnd = new FarEnd();
  let once = true;
  farEnd.before = () => {
    if (!once) return;
    once = false;
    farEnd.bytes = Buffer.from("hello ");
    throw new Refused(409, "log_conflict", "conflict", { acked: 6 });
  };
  const stream = open(farEnd);
  stream.write(Buffer.from("hello world"));
  await stream.end();
  expect(farEnd.bytes.toString()).toBe("hello world");
  expect(stream.broken).toBeNull();
});

test("a stream that is refused for good is given up without blocking its writer", async () => {
  const farEnd = new FarEnd();
  farEnd.before = () => {
    throw new Refused(409, "log_closed", "closed");
  };
  const stream = open(farEnd);
  for (let index = 0; index < 100; index++) if (!stream.write(Buffer.alloc(100_000))) await stream.room();
  await stream.end();
  expect(stream.broken).toBe("closed");
  expect(farEnd.closed).toBeNull();
});

test("past its limit a stream ends with a marker, is marked as cut, and takes no more memory", async () => {
  const farEnd = new FarEnd();
  const stream = open(farEnd, { limit: 100 });
  stream.write(Buffer.alloc(99, "a"));
  for (let index = 0; index < 50; index++) expect(stream.write(Buffer.alloc(100_000, "b"))).toBe(true);
  await stream.end();
  const text = farEnd.bytes.toString();
  expect(text.startsWith(`${"a".repeat(99)}b\n[delta] the log limit`)).toBe(true);
  expect(text.length).toBeLessThan(300);
  expect(farEnd.closed?.truncated).toBe(true);
});

test("a secret cut by the edges of writes and of uploads is masked", async () => {
  const farEnd = new FarEnd();
  const stream = open(farEnd, { masks: ["hunter2-hunter2"] });
  const text = `start hunter2-hunter2 ${"-".repeat(65_500)}hunter2-hunter2 end`;
  for (const letter of text) stream.write(Buffer.from(letter));
  await stream.end();
  expect(farEnd.bytes.toString()).toBe(`start *** ${"-".repeat(65_500)}*** end`);
});

test("an upload is given up at once when the lease is lost, also while it waits for more", async () => {
  const lost = new AbortController();
  const stream = open(new FarEnd(), { signal: lost.signal });
  stream.write(Buffer.from("x"));
  lost.abort(new Error("the lease is lost"));
  await stream.end();
  expect(stream.broken).toBe("the lease is lost");
});

test("an empty stream is closed as empty", async () => {
  const farEnd = new FarEnd();
  await open(farEnd).end();
  expect(farEnd.sends).toBe(0);
  expect(farEnd.closed?.size).toBe(0);
});

test("a queue gives back what was put in, whatever the sizes", () => {
  const queue = new PendingBytes(16);
  const put: number[] = [];
  const got: number[] = [];
  for (let index = 0; index < 500; index++) {
    const bytes = Buffer.alloc(index % 40, index);
    put.push(...bytes);
    queue.append(bytes);
    const head = queue.head().subarray(0, (index * 7) % 17);
    got.push(...head);
    queue.drop(head.length);
    expect(queue.size).toBe(put.length - got.length);
  }
  for (let head = queue.head(); queue.size > 0; head = queue.head()) {
    got.push(...head);
    queue.drop(head.length);
  }
  expect(got).toEqual(put);
  expect(() => queue.drop(1)).toThrow(RangeError);
});
