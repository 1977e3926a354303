import { describe, expect, test } from "vitest";
import type { PlanJob } from "../../../schemas/plan.ts";
import { artifactWorld, sha256Of, testArtifact } from "../../support/artifact-world.ts";
import { needs, testJob, testPlan } from "../../support/plans.ts";

function asking(key: string, ...artifacts: readonly string[]): PlanJob["needs"] {
  return needs([key], "done").map((need) => ({ ...need, artifacts }));
}

const failed = { outcome: "failed", reason: "step_failed", exit_code: 1 } as const;

/** Two jobs that may leave things, one that needs them, and one that needs only the second. */
async function needing(changes: Partial<PlanJob> = {}) {
  const world = await artifactWorld();
  const artifacts = ["dist", "docs"].map((name) => testArtifact(name));
  const run = await world.planned(
    testPlan([
      testJob("a", { artifacts, ...changes }),
      testJob("b", { artifacts }),
      testJob("c", { needs: [...asking("b", "docs", "dist"), ...asking("a", "dist")] }),
      testJob("d", { needs: asking("b", "docs") }),
    ]),
  );
  return { ...world, world, run };
}

describe("what a job finds of those it needs", () => {
  test("is what they left, in the order of its needs and the names in each, again and again", async () => {
    const { world, run, runner, leave, complete } = await needing();
    const [a, b] = [await runner(run, "a"), await runner(run, "b")];
    await leave(a, "dist", "a dist");
    await leave(a, "docs", "nobody asks for it");
    await leave(b, "dist", "b dist");
    await leave(b, "docs", "b docs");
    await complete(a);
    await complete(b);
    await world.dispatchAll(run);
    const { id } = await world.attemptOf(run, "c");
    const told = (job_key: string, attempt_id: string, name: string, content: string) => {
      const size = content.length;
      return { job_key, attempt_id, name, size, sha256: sha256Of(content), files: 1, unpacked_bytes: size };
    };
    for (let turn = 0; turn < 2; turn++) {
      const answer = await world.claim(id);
      expect(answer.status === "granted" && answer.reply.spec.needed_artifacts).toEqual([
        told("b", b.attempt, "docs", "b docs"),
        told("b", b.attempt, "dist", "b dist"),
        told("a", a.attempt, "dist", "a dist"),
      ]);
    }
  });

  test("holds nothing that was not left whole", async () => {
    const { run, runner, leave, send, complete } = await needing();
    const [a, b] = [await runner(run, "a"), await runner(run, "b")];
    await send(a, "dist", 0, "cut");
    await leave(b, "dist", "whole");
    await complete(a, failed);
    await complete(b);
    const c = await runner(run, "c");
    expect(c.spec.needed_artifacts).toMatchObject([{ job_key: "b", name: "dist" }]);
    expect(await runner(run, "d")).toMatchObject({ spec: { needed_artifacts: [] } });
  });

  test("is what the last attempt left", async () => {
    const retry = { max: 1, on: ["exit:1"], delay_ms: 0 } as const;
    const { world, run, runner, leave, complete } = await needing({ retry });
    const [first, b] = [await runner(run, "a"), await runner(run, "b")];
    await leave(first, "dist", "first");
    await complete(first, failed);
    await complete(b);
    await world.advance(run);
    const second = await runner(run, "a");
    await leave(second, "dist", "second");
    await complete(second);
    const { needed_artifacts } = (await runner(run, "c")).spec;
    expect(needed_artifacts).toMatchObject([{ attempt_id: second.attempt, sha256: sha256Of("second") }]);
  });
});

describe("fetching", () => {
  async function fetching() {
    const made = await needing();
    const { run, runner, send, close, leave, complete } = made;
    const [a, b] = [await runner(run, "a"), await runner(run, "b")];
    await send(a, "dist", 0, "hello ");
    await send(a, "dist", 6, "world");
    await close(a, "dist", "hello world");
    await leave(a, "docs", "not for c");
    await leave(b, "docs", "b docs");
    await complete(a);
    await complete(b);
    return { ...made, a, b, c: await runner(run, "c"), d: await runner(run, "d") };
  }

  test("gives what is stored together from an offset on, and nothing at the end", async () => {
    const { a, c, fetchPart } = await fetching();
    const from = (offset: number) => fetchPart(c, a.attempt, "dist", offset);
    expect(await from(0)).toEqual({ status: 200, text: "hello " });
    expect(await from(2)).toEqual({ status: 200, text: "llo " });
    expect(await from(6)).toEqual({ status: 200, text: "world" });
    expect(await from(11)).toEqual({ status: 200, text: "" });
    expect((await from(12)).status).toBe(400);
  });

  test("is for what the lease's own job needs, and for nothing else", async () => {
    const { a, b, c, d, fetchPart } = await fetching();
    const others = [
      fetchPart(c, a.attempt, "docs"),
      fetchPart(c, a.attempt, "other"),
      fetchPart(c, c.attempt, "dist"),
      fetchPart(d, a.attempt, "dist"),
      fetchPart(d, b.attempt, "dist"),
      fetchPart(c, crypto.randomUUID(), "dist"),
    ];
    for (const answer of await Promise.all(others)) {
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: "invalid_request" });
    }
  });

  test("from another run is refused, though its job has the same name", async () => {
    const { world, a, c, runner, complete, fetchPart } = await fetching();
    expect((await fetchPart(c, a.attempt, "dist")).status).toBe(200);
    const run = await world.planned(
      testPlan([
        testJob("a", { artifacts: [testArtifact("dist")] }),
        testJob("c", { needs: asking("a", "dist") }),
      ]),
    );
    await complete(await runner(run, "a"));
    expect((await fetchPart(await runner(run, "c"), a.attempt, "dist")).status).toBe(400);
  });

  test("needs a live lease and its epoch", async () => {
    const { a, c, complete, fetchPart } = await fetching();
    const stale = async (answer: Promise<{ status: number; text: string }>) => {
      const { status, text } = await answer;
      expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([409, "stale_lease"]);
    };
    await stale(fetchPart(c, a.attempt, "dist", 0, c.lease.epoch + 1));
    await stale(fetchPart({ ...c, lease: { ...c.lease, token: "a".repeat(43) } }, a.attempt, "dist"));
    await complete(c);
    await stale(fetchPart(c, a.attempt, "dist"));
  });

  test("of what has been removed or has rotted is told as gone, which ends the asking", async () => {
    const { a, c, database, blobs, fetchPart } = await fetching();
    const [key = ""] = (await blobs.list(`artifacts/${a.attempt}/0`)).filter((one) => one.includes("/0-"));
    await blobs.delete(key);
    const gone = { status: 410, text: expect.stringContaining('"artifact_gone"') as string };
    expect(await fetchPart(c, a.attempt, "dist")).toEqual(gone);
    await database`update delta.artifacts set removed_at = clock_timestamp() where name = 'dist'`;
    expect(await fetchPart(c, a.attempt, "dist", 6)).toEqual(gone);
  });
});
