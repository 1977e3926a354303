import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOG_CHUNK_BYTES_MAX, LOG_GRACE_MS } from "../../../schemas/limits.ts";
import { endLease, insertLease } from "../../support/leases.ts";
import { logIngressWorld } from "../../support/log-ingress-world.ts";

describe("appending", () => {
  test("chunks in order are acknowledged up to their end and read back from any offset", async () => {
    const { append, stored } = await logIngressWorld();
    expect(await append(0, "hello ")).toEqual({ status: 200, acked: 6 });
    expect(await append(6, "world")).toEqual({ status: 200, acked: 11 });
    expect(await stored()).toBe("hello world");
    expect(await stored(4)).toBe("o world");
    expect(await stored(11)).toBe("");
    expect(await stored(99)).toBe("");
  });

  test("bytes sent again are acknowledged again and stored once", async () => {
    const { append, stored } = await logIngressWorld();
    await append(0, "hello");
    expect(await append(0, "hello")).toEqual({ status: 200, acked: 5 });
    expect(await append(1, "ell")).toEqual({ status: 200, acked: 5 });
    expect(await append(3, "lo you")).toEqual({ status: 200, acked: 9 });
    expect(await stored()).toBe("hello you");
  });

  test("other bytes at an acknowledged offset are a conflict and change nothing", async () => {
    const { append, stored } = await logIngressWorld();
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
    const { append } = await logIngressWorld();
    await append(0, "hello");
    expect(await append(6, "x")).toMatchObject({ status: 416, error: "log_gap", acked: 5 });
  });

  test("streams of one attempt are apart", async () => {
    const { append, stored } = await logIngressWorld();
    await append(0, "zero", 0);
    await append(0, "two hundred", 200);
    expect([await stored(0, 0), await stored(0, 200)]).toEqual(["zero", "two hundred"]);
  });

  test("twenty of the same chunk at once leave it there once", async () => {
    const { append, stored, database } = await logIngressWorld();
    const answers = await Promise.all(Array.from({ length: 20 }, () => append(0, "hello")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":200,"acked":5}']),
    );
    expect(await stored()).toBe("hello");
    expect(await database`select 1 from delta.log_chunks`).toHaveLength(1);
  });

  test("any order, repetition and cut of honest sending ends with exactly what was sent", async () => {
    const { append, stored } = await logIngressWorld();
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
    const { append } = await logIngressWorld();
    expect((await append(offset, bytes)).status).toBe(status);
  });

  test.each(["0x1", "1e0", "-1", ""])("the epoch %j is refused", async (epoch) => {
    const { append } = await logIngressWorld();
    expect((await append(0, "x", 1, epoch)).status).toBe(400);
  });

  test("stream 201 is refused", async () => {
    const { append } = await logIngressWorld();
    expect((await append(0, "x", 201)).status).toBe(400);
  });

  test("nothing is acknowledged that the blob store did not keep", async () => {
    let full = true;
    const { append, stored, database } = await logIngressWorld((store) => ({
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
    const { append, stored, root } = await logIngressWorld();
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
    const { append, close } = await logIngressWorld();
    await append(0, "hello ");
    await append(6, "world");
    expect(await close("hello")).toMatchObject({ status: 412, error: "log_mismatch", acked: 11 });
    expect(await close("hello worle")).toMatchObject({ status: 412, error: "log_mismatch", acked: 11 });
    expect(await close("hello world")).toEqual({ status: 200, acked: 11 });
    expect(await close("hello world")).toEqual({ status: 200, acked: 11 });
    expect(await close("hello")).toMatchObject({ status: 409, error: "log_closed" });
  });

  test("ends the stream: what was there is acknowledged, more is refused", async () => {
    const { append, close } = await logIngressWorld();
    await append(0, "hello");
    await close("hello");
    expect(await append(0, "hello")).toEqual({ status: 200, acked: 5 });
    expect(await append(5, "!")).toMatchObject({ status: 409, error: "log_closed", acked: 5 });
  });

  test("a stream without a byte can be closed", async () => {
    const { close } = await logIngressWorld();
    expect(await close("")).toEqual({ status: 200, acked: 0 });
  });
});

describe("the lease", () => {
  test("that ended may still write within its grace and not after it", async () => {
    const { database, lease, append, stored } = await logIngressWorld();
    await append(0, "hello");
    await endLease(database, lease, LOG_GRACE_MS / 2);
    expect(await append(5, " late")).toEqual({ status: 200, acked: 10 });
    await database`update delta.leases set ended_at = ended_at - interval '1 minute'`;
    expect(await append(10, " too late")).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await stored()).toBe("hello late");
  });

  test("of an older epoch writes nothing", async () => {
    const { lease, append, stored } = await logIngressWorld();
    expect(await append(0, "x", 1, lease.epoch + 1)).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await stored()).toBe("");
  });

  test("of another attempt writes nothing here", async () => {
    const { database, server, lease } = await logIngressWorld();
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
    const { server, lease, append } = await logIngressWorld();
    await append(0, "hello");
    await append(9, "gap");
    expect(server.log.join("")).not.toContain(lease.token);
  });
});
