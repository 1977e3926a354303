import { createHash, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { appendLog, closeLog } from "../../../control-plane/logs/log-store.ts";
import { insertLease } from "../../support/leases.ts";
import { runsApiWorld } from "../../support/runs-api-world.ts";

describe("logs", () => {
  test("are read from an offset, and followed to their end", async () => {
    const { database, logs, call } = await runsApiWorld();
    const lease = await insertLease(database);
    const writer = { ...lease, stream: 1 };
    await appendLog(logs, writer, 0, Buffer.from("hello "));
    const path = `/api/v1/attempts/${lease.attemptId}/logs/1`;
    const now = await call(`${path}?offset=2`);
    expect(now.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(now.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await now.text()).toBe("llo ");
    const following = await call(`${path}?follow=true`);
    await appendLog(logs, writer, 6, Buffer.from("world"));
    const sha256 = createHash("sha256").update("hello world").digest("hex");
    await closeLog(logs, writer, { size: 11, sha256, truncated: false });
    expect(await following.text()).toBe("hello world");
  });

  test.each(["offset=-1", "offset=x", "follow=yes", "x=1"])("with ?%s are 400", async (query) => {
    const { database, call } = await runsApiWorld();
    const { attemptId } = await insertLease(database);
    expect((await call(`/api/v1/attempts/${attemptId}/logs/1?${query}`)).status).toBe(400);
  });

  test("of an unknown attempt are 404, of a stream without bytes empty", async () => {
    const { database, call } = await runsApiWorld();
    expect((await call(`/api/v1/attempts/${randomUUID()}/logs/1`)).status).toBe(404);
    const { attemptId } = await insertLease(database);
    expect(await (await call(`/api/v1/attempts/${attemptId}/logs/1`)).text()).toBe("");
  });
});
