import { describe, expect, test, vi } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import { ARTIFACT_BYTES_MAX, ARTIFACT_CHUNK_BYTES_MAX } from "../../../schemas/limits.ts";
import { artifactWorld, KEPT_MS, sha256Of, testArtifact } from "../../support/artifact-world.ts";
import { TEST_AUTHOR, TEST_TIMING } from "../../support/control-plane-world.ts";
import { beat } from "../../support/leased-attempt.ts";
import { testJob, testPlan } from "../../support/plans.ts";

/** A job that may leave `dist`, `docs` and, for a day, `tests`, and the runner that holds it. */
async function leaving(...wrap: Parameters<typeof artifactWorld>) {
  const world = await artifactWorld(...wrap);
  const artifacts = [
    testArtifact("dist"),
    testArtifact("docs"),
    testArtifact("tests", { type: "junit", expire_ms: 86_400_000 }),
  ];
  const run = await world.planned(testPlan([testJob("a", { artifacts })]));
  const by = await world.runner(run, "a");
  const rows = async () =>
    (
      await world.database`
        select name, position, type, acked, sha256, files, unpacked_bytes, closed_at is not null as closed,
          round(extract(epoch from expires_at - closed_at) * 1000)::bigint as kept
        from delta.artifacts order by position`
    ).map((row) => ({ ...row }));
  const chunks = async () =>
    (
      await world.database`
        select name, start_offset as start, length from delta.artifact_chunks order by name, start_offset`
    ).map((row) => ({ ...row }));
  return { ...world, run, by, rows, chunks };
}

const ended = { sha256: null, files: null, unpacked_bytes: null, closed: false, kept: null, acked: 0 };

describe("what a job declares", () => {
  test("is written at its claim, once, and told to the runner", async () => {
    const { by, rows } = await leaving();
    expect(await rows()).toEqual([
      { name: "dist", position: 0, type: "file", ...ended },
      { name: "docs", position: 1, type: "file", ...ended },
      { name: "tests", position: 2, type: "junit", ...ended },
    ]);
    expect(by.spec.artifacts[2]).toEqual({
      name: "tests",
      paths: ["tests"],
      when: "success",
      required: false,
    });
  });

  test("stays one row when the claim is repeated", async () => {
    const world = await artifactWorld();
    const run = await world.planned(testPlan([testJob("a", { artifacts: [testArtifact("dist")] })]));
    await world.dispatchAll(run);
    const { id } = await world.attemptOf(run, "a");
    for (let turn = 0; turn < 2; turn++) expect((await world.claim(id)).status).toBe("granted");
    expect(await world.database`select from delta.artifacts`).toHaveLength(1);
  });
});

describe("a chunk", () => {
  test("is acknowledged with the end of what is stored, and acknowledged again when it is repeated", async () => {
    const { by, send, rows, chunks } = await leaving();
    expect(await send(by, "dist", 0, "hello ")).toEqual({ status: 200, acked: 6 });
    expect(await send(by, "dist", 6, "world")).toEqual({ status: 200, acked: 11 });
    expect(await send(by, "dist", 0, "hello ")).toEqual({ status: 200, acked: 11 });
    expect(await send(by, "docs", 0, "x")).toEqual({ status: 200, acked: 1 });
    expect((await rows()).map(({ acked }) => acked)).toEqual([11, 1, 0]);
    expect(await chunks()).toEqual([
      { name: "dist", start: 0, length: 6 },
      { name: "dist", start: 6, length: 5 },
      { name: "docs", start: 0, length: 1 },
    ]);
  });

  test("that is other than what was stored there is a conflict, whatever it has in common", async () => {
    const { by, send, chunks } = await leaving();
    await send(by, "dist", 0, "hello ");
    for (const [offset, bytes] of [
      [0, "jello "],
      [0, "hello"],
      [0, "hello world"],
      [1, "ello "],
    ] as const) {
      expect(await send(by, "dist", offset, bytes)).toMatchObject({
        status: 409,
        error: "artifact_conflict",
        acked: 6,
      });
    }
    expect(await chunks()).toHaveLength(1);
  });

  test("past the end is a gap", async () => {
    const { by, send } = await leaving();
    await send(by, "dist", 0, "hello");
    const gap = { status: 416, error: "artifact_gap", acked: 5 };
    expect(await send(by, "dist", 6, "x")).toMatchObject(gap);
  });

  test("of an artifact that the job does not declare is refused", async () => {
    const { by, send, close } = await leaving();
    expect(await send(by, "other", 0, "x")).toMatchObject({ status: 400, error: "invalid_request" });
    expect(await close(by, "other", "x")).toMatchObject({ status: 400, error: "invalid_request" });
  });

  test("that was sent twenty times at once is there once", async () => {
    const { by, send, chunks } = await leaving();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(by, "dist", 0, "hello")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":200,"acked":5}']),
    );
    expect(await chunks()).toHaveLength(1);
  });

  test("past what all artifacts of the attempt may have together is refused, and one that fits is not", async () => {
    const { by, send, database } = await leaving();
    await send(by, "dist", 0, "hello");
    await database`update delta.artifacts set acked = ${ARTIFACT_BYTES_MAX - 6} where name = 'docs'`;
    expect(await send(by, "dist", 5, "ab")).toMatchObject({ status: 413, error: "too_large", acked: 5 });
    expect(await send(by, "dist", 5, "a")).toEqual({ status: 200, acked: 6 });
  });

  test.each([
    ["an empty one", "dist", 0, "", 400],
    ["one over the limit", "dist", 0, "x".repeat(ARTIFACT_CHUNK_BYTES_MAX + 1), 413],
    ["an offset that is no whole number", "dist", "1.0", "x", 400],
    ["a negative offset", "dist", -1, "x", 400],
    ["an offset past 2^53", "dist", "90071992547409930", "x", 400],
    ["a name that is none", "-dist", 0, "x", 400],
    ["a name that is a path", "a%2F..%2Fb", 0, "x", 400],
  ])("%s is refused", async (_name, name, offset, bytes, status) => {
    const { by, send, chunks } = await leaving();
    expect((await send(by, name, offset, bytes)).status).toBe(status);
    expect(await chunks()).toEqual([]);
  });

  test("as large as may be is taken", async () => {
    const { by, send } = await leaving();
    const bytes = new Uint8Array(ARTIFACT_CHUNK_BYTES_MAX).fill(7);
    expect(await send(by, "dist", 0, bytes)).toEqual({ status: 200, acked: ARTIFACT_CHUNK_BYTES_MAX });
  });

  test("is not acknowledged when the blob store did not keep it", async () => {
    let full = true;
    const { by, send, chunks } = await leaving((store) => ({
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      list: (folder) => store.list(folder),
      put: async (key, bytes) => {
        if (full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        await store.put(key, bytes);
      },
    }));
    expect((await send(by, "dist", 0, "hello")).status).toBe(503);
    expect(await chunks()).toEqual([]);
    full = false;
    expect(await send(by, "dist", 0, "hello")).toEqual({ status: 200, acked: 5 });
  });
});

describe("closing", () => {
  test("needs size and digest of all that is stored, and may be repeated", async () => {
    const { by, send, close, rows } = await leaving();
    await send(by, "dist", 0, "hello ");
    await send(by, "dist", 6, "world");
    const mismatch = { status: 412, error: "artifact_mismatch", acked: 11 };
    expect(await close(by, "dist", "hello")).toMatchObject(mismatch);
    expect(await close(by, "dist", "hello worle")).toMatchObject(mismatch);
    expect(await close(by, "dist", "hello world", { files: 3, unpacked_bytes: 99 })).toEqual({
      status: 200,
      acked: 11,
    });
    expect(await close(by, "dist", "hello world")).toEqual({ status: 200, acked: 11 });
    expect((await rows())[0]).toEqual({
      name: "dist",
      position: 0,
      type: "file",
      acked: 11,
      sha256: sha256Of("hello world"),
      files: 3,
      unpacked_bytes: 99,
      closed: true,
      kept: KEPT_MS,
    });
  });

  test("keeps it for as long as the job asks", async () => {
    const { by, leave, rows } = await leaving();
    await leave(by, "tests", "x");
    expect((await rows())[2]).toMatchObject({ kept: 86_400_000 });
  });

  test("is final: only what was stored and closed before is acknowledged again", async () => {
    const { by, send, close, leave } = await leaving();
    await leave(by, "dist", "hello");
    const closed = { status: 409, error: "artifact_closed", acked: 5 };
    expect(await close(by, "dist", "hellx")).toMatchObject(closed);
    for (const [offset, bytes] of [
      [5, "x"],
      [9, "x"],
      [0, "jello"],
    ] as const) {
      expect(await send(by, "dist", offset, bytes)).toMatchObject(closed);
    }
    expect(await send(by, "dist", 0, "hello")).toEqual({ status: 200, acked: 5 });
  });

  test("an artifact without bytes is refused", async () => {
    const { by, close } = await leaving();
    expect(await close(by, "dist", "")).toMatchObject({ status: 412, error: "artifact_mismatch", acked: 0 });
  });

  test("twenty times at once reads the bytes once", async () => {
    const read: string[] = [];
    let allAsked = async (): Promise<void> => {};
    const { by, send, close, artifacts } = await leaving((store) => ({
      put: (key, bytes) => store.put(key, bytes),
      delete: (key) => store.delete(key),
      list: (folder) => store.list(folder),
      get: async (key) => {
        read.push(key);
        await allAsked();
        return store.get(key);
      },
    }));
    const asked = vi.spyOn(artifacts.digests, "share");
    allAsked = () => expect.poll(() => asked.mock.calls).toHaveLength(20);
    await send(by, "dist", 0, "hello");
    const answers = await Promise.all(Array.from({ length: 20 }, () => close(by, "dist", "hello")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(read).toHaveLength(1);
  });

  test("what rotted meanwhile is told as gone, and does not close", async () => {
    const { by, send, close, rows, blobs } = await leaving();
    await send(by, "dist", 0, "hello");
    for (const key of await blobs.list(`artifacts/${by.attempt}`)) await blobs.delete(key);
    expect(await close(by, "dist", "hello")).toMatchObject({ status: 410, error: "artifact_gone" });
    expect((await rows())[0]).toMatchObject({ closed: false });
  });
});

describe("whoever does not hold the lease", () => {
  test("adds and closes nothing: with another epoch, another token, or none", async () => {
    const { by, send, close, rows, chunks, server } = await leaving();
    await send(by, "dist", 0, "hello");
    const stale = { status: 409, error: "stale_lease" };
    const epoch = by.lease.epoch + 1;
    expect(await send(by, "dist", 5, "x", epoch)).toMatchObject(stale);
    expect(await close(by, "dist", "hello", { epoch })).toMatchObject(stale);
    const other = { ...by, lease: { ...by.lease, token: "a".repeat(43) } };
    expect(await send(other, "dist", 5, "x")).toMatchObject(stale);
    expect(await close(other, "dist", "hello")).toMatchObject(stale);
    const url = `${server.url}/runner/v1/leases/${by.lease.id}/artifacts/dist?epoch=1&offset=5`;
    const headers = { "content-type": "application/octet-stream" };
    expect((await fetch(url, { method: "POST", body: "x", headers })).status).toBe(401);
    expect((await rows())[0]).toMatchObject({ acked: 5, closed: false });
    expect(await chunks()).toHaveLength(1);
  });

  test("adds nothing once the attempt has ended: there is no grace", async () => {
    const { by, send, close, complete, rows, chunks, blobs } = await leaving();
    await send(by, "dist", 0, "hello");
    await complete(by);
    expect(await send(by, "dist", 5, "x")).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await send(by, "dist", 0, "hello")).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await close(by, "dist", "hello")).toMatchObject({ status: 409, error: "stale_lease" });
    expect((await rows())[0]).toMatchObject({ acked: 5, closed: false });
    expect(await chunks()).toHaveLength(1);
    expect(await blobs.list("artifacts")).toHaveLength(1);
  });

  test("adds nothing when the lease ends while the bytes are being stored", async () => {
    let end = async (): Promise<void> => {};
    const { by, send, complete, chunks } = await leaving((store) => ({
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      list: (folder) => store.list(folder),
      put: async (key, bytes) => {
        await store.put(key, bytes);
        await end();
      },
    }));
    end = () => complete(by);
    expect(await send(by, "dist", 0, "hello")).toMatchObject({ status: 409, error: "stale_lease" });
    expect(await chunks()).toEqual([]);
  });

  test("writes nothing into another attempt: a lease names its own alone", async () => {
    const world = await artifactWorld();
    const jobs = ["a", "b"].map((key) => testJob(key, { artifacts: [testArtifact("dist")] }));
    const run = await world.planned(testPlan(jobs));
    const [a, b] = [await world.runner(run, "a"), await world.runner(run, "b")];
    const forged = { ...b, lease: { ...b.lease, id: a.lease.id } };
    expect(await world.send(forged, "dist", 0, "x")).toMatchObject({ status: 409, error: "stale_lease" });
    await world.send(b, "dist", 0, "of b");
    const rows = await world.database`select attempt_id from delta.artifact_chunks`;
    expect(rows.map(({ attempt_id }) => attempt_id)).toEqual([b.attempt]);
  });
});

test("an attempt that is asked to stop may still leave what it has", async () => {
  const { by, run, leave, rows, database } = await leaving();
  expect(await requestCancel(database, TEST_AUTHOR, run, "canceled_by_user")).not.toBe("ended");
  const sender = { leaseId: by.lease.id, token: by.lease.token };
  expect(await takeHeartbeat(database, sender, beat(by.lease.epoch), TEST_TIMING)).toMatchObject({
    reply: { status: "cancel" },
  });
  await leave(by, "dist", "hello");
  expect((await rows())[0]).toMatchObject({ closed: true });
});

test.each([
  ["artifact_missing", "failed"],
  ["artifact_refused", "failed"],
  // Nobody's pipeline is to blame, so the job is tried again.
  ["artifact_failed", "active"],
] as const)("an attempt that ends as %s leaves its job %s", async (reason, state) => {
  const world = await leaving();
  await world.complete(world.by, { outcome: "failed", reason, exit_code: null });
  await world.advance(world.run);
  expect(await world.attempts(world.run)).toMatchObject([
    { state: "failed", reason },
    ...(state === "active" ? [{}] : []),
  ]);
  expect(await world.jobs(world.run)).toEqual({ a: state });
});
