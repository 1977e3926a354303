import { describe, expect, test, vi } from "vitest";
import { ARTIFACT_BYTES_MAX, ARTIFACT_CHUNK_BYTES_MAX } from "../../../schemas/limits.ts";
import { artifactWorld, KEPT_MS, sha256Of, testArtifact } from "../../support/artifact-world.ts";
import { leavingAttempt } from "../../support/leaving-attempt.ts";
import { testJob, testPlan } from "../../support/plans.ts";

const ended = { sha256: null, files: null, unpacked_bytes: null, closed: false, kept: null, acked: 0 };

describe("what a job declares", () => {
  test("is written at its claim, once, and told to the runner", async () => {
    const { by, rows } = await leavingAttempt();
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
    const { by, send, rows, chunks } = await leavingAttempt();
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
    const { by, send, chunks } = await leavingAttempt();
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
    const { by, send } = await leavingAttempt();
    await send(by, "dist", 0, "hello");
    const gap = { status: 416, error: "artifact_gap", acked: 5 };
    expect(await send(by, "dist", 6, "x")).toMatchObject(gap);
  });

  test("of an artifact that the job does not declare is refused", async () => {
    const { by, send, close } = await leavingAttempt();
    expect(await send(by, "other", 0, "x")).toMatchObject({ status: 400, error: "invalid_request" });
    expect(await close(by, "other", "x")).toMatchObject({ status: 400, error: "invalid_request" });
  });

  test("that was sent twenty times at once is there once", async () => {
    const { by, send, chunks } = await leavingAttempt();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(by, "dist", 0, "hello")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":200,"acked":5}']),
    );
    expect(await chunks()).toHaveLength(1);
  });

  test("past what all artifacts of the attempt may have together is refused, and one that fits is not", async () => {
    const { by, send, database } = await leavingAttempt();
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
    const { by, send, chunks } = await leavingAttempt();
    expect((await send(by, name, offset, bytes)).status).toBe(status);
    expect(await chunks()).toEqual([]);
  });

  test("as large as may be is taken", async () => {
    const { by, send } = await leavingAttempt();
    const bytes = new Uint8Array(ARTIFACT_CHUNK_BYTES_MAX).fill(7);
    expect(await send(by, "dist", 0, bytes)).toEqual({ status: 200, acked: ARTIFACT_CHUNK_BYTES_MAX });
  });

  test("is not acknowledged when the blob store did not keep it", async () => {
    let full = true;
    const { by, send, chunks } = await leavingAttempt((store) => ({
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
    const { by, send, close, rows } = await leavingAttempt();
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
    const { by, leave, rows } = await leavingAttempt();
    await leave(by, "tests", "x");
    expect((await rows())[2]).toMatchObject({ kept: 86_400_000 });
  });

  test("is final: only what was stored and closed before is acknowledged again", async () => {
    const { by, send, close, leave } = await leavingAttempt();
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
    const { by, close } = await leavingAttempt();
    expect(await close(by, "dist", "")).toMatchObject({ status: 412, error: "artifact_mismatch", acked: 0 });
  });

  test("twenty times at once reads the bytes once", async () => {
    const read: string[] = [];
    let allAsked = async (): Promise<void> => {};
    const { by, send, close, artifacts } = await leavingAttempt((store) => ({
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
    const { by, send, close, rows, blobs } = await leavingAttempt();
    await send(by, "dist", 0, "hello");
    for (const key of await blobs.list(`artifacts/${by.attempt}`)) await blobs.delete(key);
    expect(await close(by, "dist", "hello")).toMatchObject({ status: 410, error: "artifact_gone" });
    expect((await rows())[0]).toMatchObject({ closed: false });
  });
});
