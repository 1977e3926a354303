import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalBlobStore } from "../../../control-plane/blobs/local-blob-store.ts";
import { forgetPins } from "../../../control-plane/git/forget-pins.ts";
import { Mirror, pinnedRef } from "../../../control-plane/git/mirror.ts";
import { completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease } from "../../../control-plane/lifecycle/heartbeat.ts";
import { removeOld } from "../../../control-plane/tasks/remove-old.ts";
import type { RepositoryId } from "../../../schemas/ids.ts";
import { createWorld } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const DAY_MS = 24 * 60 * 60_000;
const RETENTION = {
  deliveryBodiesMs: 30 * DAY_MS,
  commitsMs: 90 * DAY_MS,
  messagesMs: DAY_MS,
  artifactsMs: 30 * DAY_MS,
};
const NOTHING = new Uint8Array([1]);

async function startWorld() {
  const world = await createWorld();
  const folder = mkdtempSync(join(tmpdir(), "delta-old-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const blobs = new LocalBlobStore(join(folder, "blobs"));
  const mirror = new Mirror(join(folder, "mirrors"), { plainHttpHosts: [], localPaths: true });
  const { database, context } = world;
  const remove = () => removeOld({ database, blobs, mirror, retention: RETENTION, log: context.log });
  return { ...world, blobs, mirror, remove };
}

/** An attempt that a runner carried out to its end. */
async function endedAttempt(world: Awaited<ReturnType<typeof startWorld>>) {
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id } = await world.attemptOf(run, "a");
  const { id: leaseId, token, epoch } = await world.claimed(id);
  const sender = { leaseId, token };
  await acknowledgeLease(world.database, sender, { epoch, seq: 1 });
  const end = { epoch, seq: 2, outcome: "succeeded", reason: "ok", exit_code: 0, summary: "" } as const;
  await completeAttempt(world.database, sender, { ...end, steps: [] });
  return { run, id };
}

describe("what is old", () => {
  test("of deliveries is their body; their key stays, and what is young stays whole", async () => {
    const { database, remove } = await startWorld();
    for (const days of [31, 29]) {
      await database`
        insert into delta.deliveries (id, forge, delivery_key, event_name, body, body_sha256, received_at)
        values (${randomUUID()}, 'github', ${`of-${days}`}, 'push', ${NOTHING}, ${NOTHING},
          clock_timestamp() - ${days} * interval '1 day')`;
    }
    await remove();
    const rows = await database`
      select delivery_key as key, body is null as gone from delta.deliveries order by delivery_key`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { key: "of-29", gone: false },
      { key: "of-31", gone: true },
    ]);
  });

  test("of an ended attempt is what only a live one needs: stored answers, and bytes never acknowledged", async () => {
    const world = await startWorld();
    const { database, blobs, remove } = world;
    const [old, young] = [await endedAttempt(world), await endedAttempt(world)];
    for (const { id } of [old, young]) {
      await blobs.put(`logs/${id}/1/0-acknowledged`, NOTHING);
      await blobs.put(`logs/${id}/1/1-lost`, NOTHING);
      await database`insert into delta.log_streams (attempt_id, stream, acked) values (${id}, 1, 1)`;
      await database`
        insert into delta.log_chunks (attempt_id, stream, start_offset, length, sha256, blob_key)
        values (${id}, 1, 0, 1, ${NOTHING}, ${`logs/${id}/1/0-acknowledged`})`;
    }
    await database`update delta.attempts set stop_wanted = false, wake_at = null`;
    await remove();
    expect(await database`select from delta.runner_messages`).toHaveLength(4);
    await database`alter table delta.attempts disable trigger attempts_end_once`;
    await database`
      update delta.attempts set finalized_at = finalized_at - interval '25 hours' where id = ${old.id}`;
    await remove();
    expect(await database`select from delta.runner_messages`).toHaveLength(2);
    expect(await blobs.list(`logs/${old.id}`)).toEqual([`logs/${old.id}/1/0-acknowledged`]);
    expect(await blobs.list(`logs/${young.id}`)).toHaveLength(2);
    expect(await world.attemptOf(old.run, "a")).toMatchObject({ state: "succeeded" });
  });

  test("of an attempt whose runner is not seen to be gone stays", async () => {
    const world = await startWorld();
    const { id } = await endedAttempt(world);
    await world.database`alter table delta.attempts disable trigger attempts_end_once`;
    await world.database`
      update delta.attempts set finalized_at = finalized_at - interval '9 days' where id = ${id} and stop_wanted`;
    await world.remove();
    expect(await world.database`select from delta.runner_messages`).toHaveLength(2);
  });

  test("of commits is what no young or live run names, and no last green one", async () => {
    const world = await startWorld();
    const { database, mirror, remove } = world;
    const source = new ScratchRepository();
    const commits = ["old", "green", "young", "live", "before"].map((name) => source.commit({ name }, name));
    const [old = "", green = "", young = "", live = "", before = ""] = commits;
    const [{ id: repository }] = await database<[{ id: RepositoryId }]>`select id from delta.repositories`;
    await mirror.fetch({
      repositoryId: repository,
      url: source.path,
      credentials: null,
      ref: "refs/heads/main",
      head: before,
      also: [old, green, young, live],
      headRule: "exists",
    });
    const run = async (head: string, days: number, state: string, event: object): Promise<void> => {
      const ended = state === "running" ? null : new Date();
      await database`
        insert into delta.runs (id, repository_id, number, event, head_sha, state, reason, created_at, finalized_at, wake_at)
        values (${randomUUID()}, ${repository}, ${days}, ${database.json({ kind: "push", ref: "refs/heads/main", ...event })},
          ${head}, ${state}, ${ended === null ? null : "ok"}, clock_timestamp() - ${days} * interval '1 day',
          ${ended}, ${ended === null ? new Date() : null})`;
    };
    await run(old, 200, "failed", {});
    await run(green, 150, "succeeded", {});
    await run(live, 120, "running", {});
    await run(young, 30, "failed", { before });
    await database`update delta.repositories set created_at = created_at - interval '2 days'`;
    await remove();
    expect(pinsOf(mirror, repository)).toEqual([green, live, young, before].toSorted());
  });

  test("of commits comes back when a run asks for it meanwhile", async () => {
    const { mirror } = await startWorld();
    const source = new ScratchRepository();
    const [first, second] = [source.commit({ a: "1" }, "first"), source.commit({ a: "2" }, "second")];
    const repository = randomUUID();
    const from = { repositoryId: repository, url: source.path, credentials: null, ref: "refs/heads/main" };
    await mirror.fetch({ ...from, head: second, also: [first], headRule: "exists" });
    let asked = 0;
    const needed = async (): Promise<ReadonlySet<string>> => {
      asked += 1;
      return new Set(asked === 1 ? [] : [first]);
    };
    expect(await forgetPins(mirror.pathOf(repository), needed)).toBe(1);
    expect(pinsOf(mirror, repository)).toEqual([first]);
  });
});

/** Commits that the mirror keeps, sorted. */
function pinsOf(mirror: Mirror, repository: string): readonly string[] {
  const folder = mirror.pathOf(repository);
  const format = "--format=%(refname) %(objectname)";
  const lines = execFileSync("git", ["--git-dir", folder, "for-each-ref", format, "refs/delta/commits"])
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  for (const [name, commit = ""] of lines) expect(name).toBe(pinnedRef(commit));
  return lines.map(([, commit = ""]) => commit).toSorted();
}
