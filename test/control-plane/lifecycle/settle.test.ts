import { describe, expect, test } from "vitest";
import { inTransaction } from "../../../control-plane/db/in-transaction.ts";
import { createRun, failPlanning, requestCancel, rerun } from "../../../control-plane/lifecycle/index.ts";
import type { RepositoryId } from "../../../schemas/ids.ts";
import { createWorld, TEST_AUTHOR } from "../../support/control-plane-world.ts";
import { leftOut, needs, testEvent, testJob, testPlan } from "../../support/plans.ts";
import { runOf, succeed } from "../../support/settling-run.ts";

describe("a planned run", () => {
  test("ends the jobs that its plan leaves out at once, with why", async () => {
    const world = await createWorld();
    const run = await world.planned(
      testPlan([testJob("a")], { leftOut: [leftOut("b"), leftOut("c", "blocked")] }),
    );
    expect(await world.jobs(run)).toEqual({ a: "waiting", b: "skipped", c: "blocked" });
    const rows = await world.database`select reason, reason_detail from delta.jobs where key = 'b'`;
    expect(rows[0]).toEqual({ reason: "not_selected", reason_detail: "nothing of b changed" });
  });

  test("goes through its jobs in order to its end, with one audit row for each change", async () => {
    const world = await createWorld();
    const run = await world.planned(testPlan([testJob("a"), testJob("b", { needs: needs(["a"]) })]));
    for (const job of ["a", "b"]) {
      await world.dispatchAll(run);
      await succeed(world, (await world.attemptOf(run, job)).id);
    }
    await world.advance(run);
    expect(await world.run(run)).toMatchObject({ state: "succeeded", reason: "ok" });
    const [audit] = await world.database<{ gaps: number; rows: number; replayed: number }[]>`
      select count(*)::int as rows,
        count(*) filter (where seq <> place)::int as gaps,
        count(*) filter (where from_state is distinct from before)::int as replayed
      from (select seq, from_state, row_number() over entity as place, lag(to_state) over entity as before
        from delta.audit_events window entity as (partition by entity, entity_id order by seq)) as history`;
    expect(audit).toEqual({ rows: 29, gaps: 0, replayed: 0 });
  });

  test("whose plan runs nothing succeeds by itself", async () => {
    const world = await createWorld();
    const run = await world.planned(testPlan([], { leftOut: [leftOut("a")] }));
    await world.advance(run);
    expect((await world.run(run)).state).toBe("succeeded");
  });

  test("shares its plan row with a run of the same plan", async () => {
    const world = await createWorld();
    await world.planned(testPlan([testJob("a")]));
    await world.planned(testPlan([testJob("a")]));
    const rows = await world.database`select digest from delta.plans`;
    expect(rows).toHaveLength(1);
  });

  test("raises its version with every change that a viewer could see", async () => {
    const world = await createWorld();
    const run = await world.planned(testPlan([testJob("a")]));
    const version = async (): Promise<number> => {
      const [row] = await world.database<
        { version: number }[]
      >`select version from delta.runs where id = ${run}`;
      return row?.version ?? 0;
    };
    const planned = await version();
    await world.advance(run);
    const advanced = await version();
    await world.advance(run);
    expect(advanced).toBeGreaterThan(planned);
    expect(await version()).toBe(advanced);
  });

  test("that was canceled while it was being planned takes no plan", async () => {
    const world = await createWorld();
    const [repository] = await world.database<{ id: RepositoryId }[]>`select id from delta.repositories`;
    const { id } = await inTransaction(world.database, (tx) =>
      createRun(tx, TEST_AUTHOR, {
        repositoryId: repository?.id as RepositoryId,
        deliveryId: null,
        event: testEvent(),
        headSha: "1".repeat(40),
        baseSha: null,
        request: null,
        rerunOf: null,
      }),
    );
    expect(await requestCancel(world.database, TEST_AUTHOR, id, "canceled_by_user")).toBe("requested");
    expect((await world.run(id)).state).toBe("canceled");
    const failure = { reason: "pipeline_invalid", detail: null, diagnostics: [] } as const;
    const failed = inTransaction(world.database, (tx) => failPlanning(tx, TEST_AUTHOR, id, { ...failure }));
    expect(await failed).toBe(false);
  });

  test("can be repeated once it has ended, and not before", async () => {
    const world = await createWorld();
    const run = await world.planned(testPlan([testJob("a")]));
    expect(await rerun(world.database, TEST_AUTHOR, run)).toEqual({ status: "alive" });
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    const again = await rerun(world.database, TEST_AUTHOR, run);
    expect(again).toMatchObject({ status: "created", number: 2 });
    const [row] = await world.database`
      select rerun_of, head_sha, state from delta.runs where number = 2`;
    expect(row).toEqual({ rerun_of: run, head_sha: "1".repeat(40), state: "created" });
  });
});

test("every live run and attempt has its next wake-up in the database", async () => {
  const world = await createWorld();
  const { run } = await runOf(world);
  await expect(world.database`update delta.runs set wake_at = null where id = ${run}`).rejects.toThrow(
    "check constraint",
  );
  await expect(world.database`update delta.attempts set wake_at = null`).rejects.toThrow("check constraint");
});

test("what has ended never changes", async () => {
  const world = await createWorld();
  const run = await world.planned(testPlan([testJob("a")]));
  await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
  await expect(
    world.database`update delta.runs set state = 'running', finalized_at = null, wake_at = now()`,
  ).rejects.toThrow("has ended as canceled");
  await expect(world.database`update delta.jobs set reason = 'ok'`).rejects.toThrow("has ended as canceled");
});
