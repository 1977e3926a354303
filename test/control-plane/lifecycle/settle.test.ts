import { describe, expect, test } from "vitest";
import { inTransaction } from "../../../control-plane/db/in-transaction.ts";
import { recordSweep } from "../../../control-plane/db/sweep.ts";
import { completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease, takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import { readCaredFor } from "../../../control-plane/db/observations.ts";
import { createRun, failPlanning, requestCancel, rerun } from "../../../control-plane/lifecycle/index.ts";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { createDispatching } from "../../../control-plane/tasks/dispatch-attempts.ts";
import { createObserving } from "../../../control-plane/tasks/observe-attempts.ts";
import { stopAttempt } from "../../../control-plane/tasks/stop-attempt.ts";
import { sweep } from "../../../control-plane/tasks/sweep.ts";
import type { AttemptId, RepositoryId, RunId } from "../../../schemas/ids.ts";
import { createWorld, TEST_AUTHOR, TEST_TIMING, type World } from "../../support/control-plane-world.ts";
import { leftOut, needs, testEvent, testJob, testPlan } from "../../support/plans.ts";

async function runOf(world: World): Promise<{ run: RunId; attempt: AttemptId }> {
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id: attempt } = await world.attemptOf(run, "a");
  return { run, attempt };
}

async function sweepOnce({ database, context }: World, outageMs = 600_000): Promise<void> {
  await sweep({ database, timing: { intervalMs: 1, outageMs, ttlMs: TEST_TIMING.ttlMs }, log: context.log });
}

async function waiting({ database }: World): Promise<string[]> {
  const rows = await database<{ key: string }[]>`select key from graphile_worker.jobs order by key`;
  return rows.map(({ key }) => key);
}

async function succeed(world: World, attempt: AttemptId): Promise<void> {
  const { id, token, epoch } = await world.claimed(attempt);
  const sender = { leaseId: id, token };
  await acknowledgeLease(world.database, sender, { epoch, seq: 1 });
  const end = {
    epoch,
    seq: 1,
    outcome: "succeeded",
    reason: "ok",
    exit_code: 0,
    summary: "",
    steps: [],
  } as const;
  await completeAttempt(world.database, sender, { ...end, steps: [] });
}

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

describe("dispatch", () => {
  test("asks the backend again with the same request when nothing is known of the first", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "unknown", detail: "the backend does not answer", retryAfterMs: 10 };
    const { run, attempt } = await runOf(world);
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "dispatched",
      pending: "the backend does not answer",
    });
    world.backend.answer = { status: "accepted", backendRef: "x" };
    const dispatching = createDispatching(world.context);
    await dispatching.dispatchDue();
    expect(world.backend.dispatched).toEqual([attempt]);
    await world.letPass("attempts", attempt, "dispatch_at");
    await Promise.all([dispatching.dispatchDue(), createDispatching(world.context).dispatchDue()]);
    await world.letPass("attempts", attempt, "dispatch_at");
    await dispatching.dispatchDue();
    expect(world.backend.dispatched).toEqual([attempt, attempt]);
    expect(await world.attemptOf(run, "a")).toMatchObject({ state: "dispatched", pending: null });
    expect((await world.claim(attempt)).status).toBe("granted");
  });

  test("that a dispatcher fails to answer is asked again, too", async () => {
    const world = await createWorld();
    const log: string[] = [];
    const context = {
      ...world.context,
      log: { ...world.context.log, error: (_: object, line: string) => log.push(line) },
    };
    world.backend.dispatch = () => Promise.reject(new Error("a bug"));
    const run = await world.planned(testPlan([testJob("a")]));
    await world.advance(run);
    await admitAttempts(context);
    await createDispatching(context).dispatchDue();
    expect((await world.attemptOf(run, "a")).state).toBe("dispatched");
    expect(log).toEqual(["the dispatcher failed"]);
  });

  test("that is refused ends the job with the backend's words", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "refused", detail: "no such pool" };
    const { run } = await runOf(world);
    await world.advance(run);
    expect(await world.run(run)).toMatchObject({ state: "failed", reason: "required_job_failed" });
    const rows = await world.database`select state, reason, reason_detail from delta.jobs`;
    expect(rows[0]).toEqual({ state: "failed", reason: "dispatch_failed", reason_detail: "no such pool" });
  });

  test("waits for room, says so, and goes on when there is some", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 1 } };
    const run = await world.planned(testPlan([testJob("a"), testJob("b")]));
    await world.advance(run);
    await admitAttempts(context);
    const states = async () => (await world.attempts(run)).map(({ state, pending }) => [state, pending]);
    expect(await states()).toEqual([
      ["dispatched", null],
      ["queued", "waits for room in pool default: 1 of 1 in use"],
    ]);
    await succeed(world, (await world.attemptOf(run, "a")).id);
    await admitAttempts(context);
    expect((await states())[1]).toEqual(["dispatched", null]);
  });

  test("of five control planes at once admits no more than there is room for", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 3 } };
    const run = await world.planned(testPlan(["a", "b", "c", "d", "e"].map((key) => testJob(key))));
    await world.advance(run);
    await Promise.all(Array.from({ length: 5 }, () => admitAttempts(context)));
    const states = (await world.attempts(run)).map(({ state }) => state);
    expect(states.filter((state) => state === "dispatched")).toHaveLength(3);
  });
});

describe("stopping", () => {
  test("is repeated until the backend sees the runner gone, then never again", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    world.backend.stopAnswer = { status: "stopping" };
    await stopAttempt(world.context, attempt);
    expect((await world.attemptOf(run, "a")).stopWanted).toBe(true);
    world.backend.stopAnswer = { status: "gone" };
    await stopAttempt(world.context, attempt);
    await stopAttempt(world.context, attempt);
    expect(world.backend.stopped).toHaveLength(2);
    expect((await world.attemptOf(run, "a")).stopWanted).toBe(false);
  });

  test("is confirmed by the backend when the runner can no longer do it", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await world.claimed(attempt);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    await stopAttempt(world.context, attempt);
    expect(await world.attemptOf(run, "a")).toMatchObject({ state: "canceled", receipt: "backend_gone" });
    await world.advance(run);
    expect((await world.run(run)).state).toBe("canceled");
  });
});

describe("observing", () => {
  const pageOf = (attempts: readonly AttemptId[]) => ({
    attempts,
    changed: attempts,
    upTo: null,
    next: null,
  });

  async function observed(world: World, state: "pending" | "running" | "exited" | "absent"): Promise<void> {
    const observation = { state, detail: "no node has room", exitCode: null, outOfMemory: false };
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...observation }));
    await createObserving(world.context).pass();
  }

  test("explains a wait in the backend's words", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await observed(world, "pending");
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "dispatched",
      pending: "no node has room",
    });
    await observed(world, "running");
    expect((await world.attemptOf(run, "a")).pending).toBeNull();
  });

  test("ends a wait for a runner that has ended already", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await observed(world, "exited");
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "failed",
      reason: "runner_start_timeout",
    });
  });

  test("does not take a fresh runner's absence for its end", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await observed(world, "absent");
    expect((await world.attemptOf(run, "a")).state).toBe("dispatched");
    await world.database`update delta.attempts set dispatched_at = dispatched_at - interval '1 minute'`;
    await observed(world, "absent");
    expect((await world.attempts(run))[0]).toMatchObject({ id: attempt, state: "failed" });
  });

  test("never ends an attempt that a runner holds", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await world.claimed(attempt);
    await observed(world, "exited");
    expect((await world.attemptOf(run, "a")).state).toBe("leased");
  });

  test("stops a runner that belongs to no attempt, and none that does", async () => {
    const world = await createWorld();
    const { attempt } = await runOf(world);
    const stranger = "00000000-0000-7000-8000-000000000000" as AttemptId;
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...seen }));
    world.backend.list = async () => pageOf([stranger, attempt]);
    await createObserving(world.context).pass();
    expect(world.backend.stopped).toEqual([stranger]);
  });

  test("lets a runner leave by itself whose report was taken a moment ago", async () => {
    const world = await createWorld();
    const { attempt } = await runOf(world);
    await succeed(world, attempt);
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async () => [{ attemptId: attempt, ...seen }];
    world.backend.list = async () => pageOf([attempt]);
    await world.database`update delta.attempts set stop_wanted = false where id = ${attempt}`;
    await createObserving(world.context).pass();
    expect(world.backend.stopped).toEqual([]);
    expect(await readCaredFor(world.database, [attempt], 0)).toEqual(new Set());
  });

  test("spares a runner whose attempt was dispatched while the backend was being asked", async () => {
    const world = await createWorld();
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...seen }));
    world.backend.list = async () => {
      const { attempt } = await runOf(world);
      return pageOf([attempt]);
    };
    await createObserving(world.context).pass();
    expect(world.backend.dispatched).toHaveLength(1);
    expect(world.backend.stopped).toEqual([]);
  });

  test("leaves everything as it is when the backend cannot be asked", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await world.database`update delta.attempts set dispatched_at = dispatched_at - interval '1 hour'`;
    const before = await world.attempts(run);
    world.backend.observe = async () => {
      throw new Error("the backend is away");
    };
    await expect(createObserving(world.context).pass()).rejects.toThrow("the backend is away");
    expect(await world.attempts(run)).toEqual(before);
    expect(world.backend.stopped).toEqual([]);
  });
});

describe("the sweep", () => {
  test("expires a lease whose time is over, and the next attempt follows", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    const lease = await world.claimed(attempt);
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world);
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "lost",
      reason: "runner_lost",
      stopWanted: true,
    });
    await world.advance(run);
    expect((await world.attempts(run)).map(({ state }) => state)).toEqual(["lost", "created"]);
  });

  test("after an outage gives every lease one more term before it expires any", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    const lease = await world.claimed(attempt);
    const sender = { leaseId: lease.id, token: lease.token };
    await acknowledgeLease(world.database, sender, { epoch: lease.epoch, seq: 1 });
    await world.letPass("leases", lease.id, "expires_at");
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '1 hour', outage_ms = 5000`;
    // A message that comes in before the first sweep is taken, too.
    const beat = { epoch: lease.epoch, seq: 1, phase: "running", steps: [] } as const;
    expect(await takeHeartbeat(world.database, sender, { ...beat, steps: [] }, TEST_TIMING)).toMatchObject({
      status: "ok",
    });
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world, 5_000);
    expect((await world.attemptOf(run, "a")).state).toBe("running");
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world, 5_000);
    expect((await world.attemptOf(run, "a")).state).toBe("lost");
  });

  test("wakes again whatever the queue lost", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "unknown", detail: "no answer", retryAfterMs: 10 };
    const { run, attempt } = await runOf(world);
    await world.database`select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))`;
    expect(await waiting(world)).toEqual([]);
    await world.letPass("attempts", attempt, "wake_at");
    await world.letPass("runs", run, "wake_at");
    await world.letPass("runs", run, "report_at");
    await sweepOnce(world);
    expect(await waiting(world)).toEqual([`advance-run:${run}`, "dispatch-attempts", `report-check:${run}`]);
    // What was woken is not woken again at once.
    await world.database`select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))`;
    await sweepOnce(world);
    expect(await waiting(world)).toEqual([]);
  });

  test("notes the time, so that a short pause is no outage", async () => {
    const world = await createWorld();
    const outage = (): Promise<boolean> =>
      inTransaction(world.database, (tx) => recordSweep(tx, { outageMs: 5_000, ttlMs: 1_000 }));
    expect(await outage()).toBe(false);
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '4 seconds'`;
    expect(await outage()).toBe(false);
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '6 seconds'`;
    expect(await outage()).toBe(true);
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
