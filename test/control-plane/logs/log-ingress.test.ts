import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalBlobStore } from "../../../control-plane/blobs/local-blob-store.ts";
import { registerLogIngress } from "../../../control-plane/http/log-ingress.ts";
import { followLog } from "../../../control-plane/logs/follow-log.ts";
import { LogSignals } from "../../../control-plane/logs/log-signals.ts";
import { readLog } from "../../../control-plane/logs/log-store.ts";
import type { BlobStore } from "../../../schemas/blob-store.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { LOG_CHUNK_BYTES_MAX, LOG_GRACE_MS } from "../../../schemas/limits.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { endLease, insertLease } from "../../support/leases.ts";

async function world(wrap: (store: BlobStore) => BlobStore = (store) => store) {
  const { database } = await createTestDatabase();
  const root = mkdtempSync(join(tmpdir(), "delta-logs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const dependencies = { database, blobs: wrap(new LocalBlobStore(root)), signals: new LogSignals() };
  const server = await startHttpServer((app) => registerLogIngress(app, dependencies));
  const lease = await insertLease(database);
  const attempt = lease.attemptId as AttemptId;
  const url = `${server.url}/runner/v1/leases/${lease.leaseId}/logs`;
  const headers = { authorization: `Bearer ${lease.token}` };
  const append = async (
    offset: number | string,
    bytes: string | Uint8Array,
    stream = 1,
    epoch: number | string = lease.epoch,
  ) => {
    const answer = await fetch(`${url}/${stream}?epoch=${epoch}&offset=${offset}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/octet-stream" },
      body: Buffer.from(bytes),
    });
    return { status: answer.status, ...((await answer.json()) as { acked?: number; error?: string }) };
  };
  const close = async (text: string, change = {}) => {
    const answer = await fetch(`${url}/1/close`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({
        epoch: lease.epoch,
        size: text.length,
        sha256: sha256(text),
        truncated: false,
        ...change,
      }),
    });
    return { status: answer.status, ...((await answer.json()) as { acked?: number; error?: string }) };
  };
  const stored = async (offset = 0, stream = 1) => {
    const parts: Uint8Array[] = [];
    for await (const bytes of readLog(dependencies, attempt, stream, offset)) parts.push(bytes);
    return Buffer.concat(parts).toString();
  };
  return { ...dependencies, root, server, lease, attempt, append, close, stored };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("appending", () => {
  test("chunks in order are acknowledged up to their end and read back from any offset", async () => {
    const { append, stored } = await world();
    expect(await append(0, "hello ")).toEqual({ status: 200, acked: 6 });
    expect(await append(6, "world")).toEqual({ status: 200, acked: 11 });
    expect(await stored()).toBe("hello world");
    expect(await stored(4)).toBe("o world");
    expect(await stored(11)).toBe("");
    expect(await stored(99)).toBe("");
  });

  test("bytes sent again are acknowledged again and stored once", async () => {
    const { append, stored } = await world();
    await append(0, "hello");
    expect(await append(0, "hello")).toEqual({ status: 200, acked: 5 });
    expect(await append(1, "ell")).toEqual({ status: 200, acked: 5 });
    expect(await append(3, "lo you")).toEqual({ status: 200, acked: 9 });
    expect(await stored()).toBe("hello you");
  });

  test("other bytes at an acknowledged offset are a conflict and change nothing", async () => {
    const { append, stored } = await world();
    await append(0, "hello");
    for (const [offset, text] of [
      [0, "jello"],
      [4, "O and more"],
    ] as const) {
      expect(await append(offset, text)).toMatchObject({ status: 409, error: "log_conflict", acked: 5 });
    }
    expect(await stored()).toBe("hello");
  });

  test("a gap is refused with the offset that was expected", async () => {
    const { append } = await world();
    await append(0, "hello");
    expect(await append(6, "x")).toMatchObject({ status: 416, error: "log_gap", acked: 5 });
  });

  test("streams of one attempt are apart", async () => {
    const { append, stored } = await world();
    await append(0, "zero", 0);
    await append(0, "two hundred", 200);
    expect([await stored(0, 0), await stored(0, 200)]).toEqual(["zero", "two hundred"]);
  });

  test("twenty of the same chunk at once leave it there once", async () => {
    const { append, stored, database } = await world();
    const answers = await Promise.all(Array.from({ length: 20 }, () => append(0, "hello")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":200,"acked":5}']),
    );
    expect(await stored()).toBe("hello");
    expect(await database`select 1 from delta.log_chunks`).toHaveLength(1);
  });

  test("any order, repetition and cut of honest sending ends with exactly what was sent", async () => {
    const { append, stored } = await world();
    const text = "abcdefghijklmnopqrstuvwxyz";
    let stream = 1;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(25), fc.integer({ min: 1, max: 26 })), { minLength: 1, maxLength: 12 }),
        async (sends) => {
          stream += 1;
          let acked = 0;
          for (const [offset, length] of sends) {
            const answer = await append(offset, text.slice(offset, offset + length), stream);
            const end = Math.min(offset + length, text.length);
            const expected = offset <= acked ? Math.max(acked, end) : acked;
            expect(answer).toMatchObject({ status: offset <= acked ? 200 : 416, acked: expected });
            acked = expected;
          }
          expect(await stored(0, stream)).toBe(text.slice(0, acked));
        },
      ),
      { numRuns: 12 },
    );
  });

  test.each([
    ["a chunk over the limit", 0, "x".repeat(LOG_CHUNK_BYTES_MAX + 1), 413],
    ["an offset that is no whole number", "1.0", "x", 400],
    ["a negative offset", -1, "x", 400],
    ["an offset past 2^53", "90071992547409930", "x", 400],
  ])("%s is refused", async (_name, offset, bytes, status) => {
    const { append } = await world();
    expect((await append(offset, bytes)).status).toBe(status);
  });

  test.each(["0x1", "1e0", "-1", ""])("the epoch %j is refused", async (epoch) => {
    const { append } = await world();
    expect((await append(0, "x", 1, epoch)).status).toBe(400);
  });

  test("stream 201 is refused", async () => {
    const { append } = await world();
    expect((await append(0, "x", 201)).status).toBe(400);
  });

  test("nothing is acknowledged that the blob store did not keep", async () => {
    let full = true;
    const { append, stored, database } = await world((store) => ({
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      list: (folder) => store.list(folder),
      put: async (key, bytes) => {
        if (full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        await store.put(key, bytes);
      },
    }));
    expect((await append(0, "hello")).status).toBe(503);
    expect(await database`select 1 from delta.log_chunks`).toHaveLength(0);
    full = false;
    expect(await append(0, "hello")).toEqual({ status: 200, acked: 5 });
    expect(await stored()).toBe("hello");
  });

  test("a blob that rotted is an error to its reader, never other bytes", async () => {
    const { append, stored, root } = await world();
    await append(0, "hello");
    const [file = ""] = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    truncateSync(file, 34);
    await expect(stored()).rejects.toThrow();
  });
});

describe("closing", () => {
  test("needs the size and the digest of all that was stored, and may be repeated", async () => {
    const { append, close } = await world();
    await append(0, "hello ");
    await append(6, "world");
    expect(await close("hello")).toMatchObject({ status: 412, error: "log_mismatch", acked: 11 });
    expect(await close("hello worle")).toMatchObject({ status: 412, error: "log_mismatch", acked: 11 });
    expect(await close("hello world")).toEqual({ status: 200, acked: 11 });
    expect(await close("hello world")).toEqual({ status: 200, acked: 11 });
    expect(await close("hello")).toMatchObject({ status: 409, error: "log_closed" });
  });

  test("ends the stream: what was there is acknowledged, more is refused", async () => {
    const { append, close } = await world();
    await append(0, "hello");
    await close("hello");
    expect(await append(0, "hello")).toEqual({ status: 200, acked: 5 });
    expect(await append(5, "!")).toMatchObject({ status: 409, error: "log_closed", acked: 5 });
  });

  test("a stream without a byte can be closed", async () => {
    const { close } = await world();
    expect(await close("")).toEqual({ status: 200, acked: 0 });
  });
});

describe("the lease", () => {
  test("that ended may still write within its grace and not after it", async () => {
    const { database, lease, append, stored } = await world();
    await append(0, "hello");
    await endLease(database, lease, LOG_GRACE_MS / 2);
    expect(await append(5, " late")).toEqual({ status: 200, acked: 10 });
    await database`update delta.leases set ended_at = ended_at - interval '1 minute'`;
    expect(await append(10, " too late")).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await stored()).toBe("hello late");
  });

  test("of an older epoch writes nothing", async () => {
    const { lease, append, stored } = await world();
    expect(await append(0, "x", 1, lease.epoch + 1)).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await stored()).toBe("");
  });

  test("of another attempt writes nothing here", async () => {
    const { database, server, lease } = await world();
    const other = await insertLease(database);
    const answer = await fetch(
      `${server.url}/runner/v1/leases/${lease.leaseId}/logs/1?epoch=${lease.epoch}&offset=0`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${other.token}`, "content-type": "application/octet-stream" },
        body: "x",
      },
    );
    expect(answer.status).toBe(409);
    expect(await database`select 1 from delta.log_chunks`).toHaveLength(0);
  });

  test("token appears in no log line", async () => {
    const { server, lease, append } = await world();
    await append(0, "hello");
    await append(9, "gap");
    expect(server.log.join("")).not.toContain(lease.token);
  });
});

describe("following", () => {
  test("gives what is there, then what comes, and ends when the stream is closed", async () => {
    const made = await world();
    await made.append(0, "one ");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of followLog(made, made.attempt, 1, 0, new AbortController().signal)) {
        seen.push(Buffer.from(bytes).toString());
        if (seen.length === 1) await made.append(4, "two");
        if (seen.length === 2) await made.close("one two");
      }
    })();
    await reading;
    expect(seen).toEqual(["one ", "two"]);
  });

  test("notices bytes that another process wrote", async () => {
    const made = await world();
    const other = { ...made, signals: new LogSignals() };
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of followLog(other, made.attempt, 1, 0, new AbortController().signal)) {
        seen.push(Buffer.from(bytes).toString());
      }
    })();
    await made.append(0, "one");
    await made.close("one");
    await reading;
    expect(seen.join("")).toBe("one");
  });

  test("ends when nothing can come any more, and when the reader leaves", async () => {
    const made = await world();
    await made.database`
      update delta.attempts set state = 'lost', reason = 'runner_lost', wake_at = null,
        finalized_at = clock_timestamp() - interval '1 hour'`;
    for await (const _bytes of followLog(made, made.attempt, 7, 0, new AbortController().signal)) {
      throw new Error("there is nothing to read");
    }
    const live = await insertLease(made.database);
    const abort = new AbortController();
    const reading = (async () => {
      for await (const _bytes of followLog(made, live.attemptId as AttemptId, 1, 0, abort.signal)) {
        throw new Error("there is nothing to read");
      }
    })();
    abort.abort();
    await reading;
  });
});
