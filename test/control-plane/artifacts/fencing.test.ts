import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import { artifactWorld, testArtifact } from "../../support/artifact-world.ts";
import { TEST_AUTHOR, TEST_TIMING } from "../../support/control-plane-world.ts";
import { beat } from "../../support/leased-attempt.ts";
import { leavingAttempt } from "../../support/leaving-attempt.ts";
import { testJob, testPlan } from "../../support/plans.ts";

describe("whoever does not hold the lease", () => {
  test("adds and closes nothing: with another epoch, another token, or none", async () => {
    const { by, send, close, rows, chunks, server } = await leavingAttempt();
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
    const { by, send, close, complete, rows, chunks, blobs } = await leavingAttempt();
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
    const { by, send, complete, chunks } = await leavingAttempt((store) => ({
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
  const { by, run, leave, rows, database } = await leavingAttempt();
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
  const world = await leavingAttempt();
  await world.complete(world.by, { outcome: "failed", reason, exit_code: null });
  await world.advance(world.run);
  expect(await world.attempts(world.run)).toMatchObject([
    { state: "failed", reason },
    ...(state === "active" ? [{}] : []),
  ]);
  expect(await world.jobs(world.run)).toEqual({ a: state });
});
