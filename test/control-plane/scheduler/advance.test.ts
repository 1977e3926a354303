import { describe, expect, test } from "vitest";
import { ATTEMPTS_MAX, POISON_LOSSES } from "../../../schemas/limits.ts";
import type { PlanJob } from "../../../schemas/plan.ts";
import { needs, testJob } from "../../support/plans.ts";
import { end, modelRun, stateOf, step, type ModelRun } from "./run-model.ts";

const NOW = 1_000;

function started(jobs: readonly PlanJob[], skipped: readonly string[] = []): ModelRun {
  const run = modelRun(jobs, skipped);
  step(run, NOW);
  return run;
}

describe("jobs start", () => {
  test("all at once that need nothing, the others when their needs are met", () => {
    const run = started([testJob("a"), testJob("b"), testJob("c", { needs: needs(["a", "b"]) })]);
    expect(stateOf(run)).toEqual({ a: "active", b: "active", c: "waiting" });
    end(run, "a", "succeeded", "ok");
    step(run, NOW);
    expect(stateOf(run)["c"]).toBe("waiting");
    end(run, "b", "succeeded", "ok");
    step(run, NOW);
    expect(stateOf(run)).toEqual({ a: "succeeded: ok", b: "succeeded: ok", c: "active" });
  });

  test("a chain behind a failure is blocked in one pass, and the run fails", () => {
    const run = started([
      testJob("a"),
      testJob("b", { needs: needs(["a"]) }),
      testJob("c", { needs: needs(["b"]) }),
    ]);
    end(run, "a", "failed", "step_failed", 1);
    step(run, NOW);
    expect(stateOf(run)).toEqual({
      a: "failed: step_failed",
      b: "blocked: need_failed",
      c: "blocked: need_failed",
    });
    expect(run.state).toBe("failed");
  });

  test.each([
    ["success", "blocked: need_skipped"],
    ["done", "active"],
    ["skipped_ok", "active"],
  ] as const)("behind a skipped job with when: %s it is %s", (when, expected) => {
    const run = started([testJob("b", { needs: needs(["a"], when) })], ["a"]);
    expect(stateOf(run)["b"]).toBe(expected);
  });

  test("a failed need blocks at once, even while another still runs", () => {
    const run = started([testJob("a"), testJob("b"), testJob("c", { needs: needs(["a", "b"]) })]);
    end(run, "b", "failed", "step_failed", 1);
    step(run, NOW);
    expect(stateOf(run)).toMatchObject({ a: "active", c: "blocked: need_failed" });
  });

  test("a job that only waits for the end starts after a failure", () => {
    const run = started([testJob("a"), testJob("clean", { needs: needs(["a"], "done") })]);
    end(run, "a", "failed", "step_failed", 1);
    step(run, NOW);
    expect(stateOf(run)["clean"]).toBe("active");
  });
});

describe("a run ends", () => {
  test("at once when the plan runs nothing", () => {
    expect(started([], ["a", "b"]).state).toBe("succeeded");
  });

  test("as succeeded when only a job that is not required failed", () => {
    const run = started([testJob("a"), testJob("b", { required: false })]);
    end(run, "a", "succeeded", "ok");
    end(run, "b", "failed", "step_failed", 1);
    expect(step(run, NOW).at(-1)).toMatchObject({ decide: "end_run", state: "succeeded" });
  });

  test.each([
    [true, 1, "succeeded"],
    [[3, 4], 4, "succeeded"],
    [[3, 4], 1, "failed"],
    [false, 1, "failed"],
  ] as const)("with allow_failure %s and exit code %s as %s", (allow_failure, exitCode, expected) => {
    const run = started([testJob("a", { allow_failure })]);
    end(run, "a", "failed", "step_failed", exitCode);
    step(run, NOW);
    expect(run.state).toBe(expected);
  });

  test("as failed when a required job was lost, whatever allow_failure says", () => {
    const run = started([testJob("a", { allow_failure: true })]);
    for (let loss = 1; loss <= POISON_LOSSES; loss++) {
      end(run, "a", "lost", "runner_lost");
      step(run, loss * 100_000);
    }
    expect(run.state).toBe("failed");
  });

  test("and names the jobs that decided it", () => {
    const run = started([testJob("a"), testJob("b")]);
    end(run, "a", "failed", "step_failed", 1);
    end(run, "b", "succeeded", "ok");
    expect(step(run, NOW).at(-1)).toMatchObject({ reason: "required_job_failed", detail: "a (failed)" });
  });
});

describe("a retry", () => {
  test("is a new attempt after its delay, as often as the job asks and no more", () => {
    const run = started([testJob("a", { retry: { max: 2, on: ["exit:1"], delay_ms: 50 } })]);
    for (const attempt of [1, 2]) {
      end(run, "a", "failed", "step_failed", 1);
      expect(step(run, NOW)).toEqual([
        { decide: "create_attempt", job: "job a", number: attempt + 1, notBefore: NOW + 50 },
      ]);
      expect(step(run, NOW + 50)).toEqual([{ decide: "queue_attempt", attempt: `a ${attempt + 1}` }]);
    }
    end(run, "a", "failed", "step_failed", 1);
    step(run, NOW);
    expect(stateOf(run)).toEqual({ a: "failed: step_failed" });
  });

  test("does not come for a cause that the job does not name", () => {
    const run = started([testJob("a", { retry: { max: 2, on: ["timeout", "exit:2"], delay_ms: 0 } })]);
    end(run, "a", "failed", "step_failed", 1);
    step(run, NOW);
    expect(stateOf(run)).toEqual({ a: "failed: step_failed" });
  });

  test.each(["runner_lost", "runner_error", "runner_start_timeout"] as const)(
    "after %s comes by itself, and the third in a row is poison",
    (reason) => {
      const run = started([testJob("a")]);
      const delays: number[] = [];
      for (let loss = 1; loss <= POISON_LOSSES; loss++) {
        end(run, "a", reason === "runner_lost" ? "lost" : "failed", reason);
        const [decision] = step(run, NOW);
        if (decision?.decide === "create_attempt") {
          delays.push(decision.notBefore - NOW);
          step(run, decision.notBefore);
        }
      }
      expect(delays).toEqual([1_000, 4_000]);
      expect(stateOf(run)).toEqual({ a: "failed: poison" });
    },
  );

  test("after three failures to fetch the sources keeps their own reason", () => {
    const run = started([testJob("a")]);
    for (let loss = 1; loss <= POISON_LOSSES; loss++) {
      end(run, "a", "failed", "checkout_failed");
      step(run, loss * 100_000);
      step(run, loss * 100_000 + 50_000);
    }
    expect(stateOf(run)).toEqual({ a: "failed: checkout_failed" });
  });

  test.each(["dispatch_failed", "queue_timeout"] as const)(
    "never comes after %s: it would be the same",
    (reason) => {
      const run = started([testJob("a", { retry: { max: 5, on: ["infra"], delay_ms: 0 } })]);
      end(run, "a", reason === "queue_timeout" ? "timed_out" : "failed", reason);
      step(run, NOW);
      expect(run.jobs[0]?.attempts).toHaveLength(1);
    },
  );

  test("never makes more attempts than there may be, however losses and failures alternate", () => {
    const run = started([testJob("a", { retry: { max: 100, on: ["exit:1"], delay_ms: 0 } })]);
    for (let turn = 0; run.state === "queued" && turn < 100; turn++) {
      end(run, "a", turn % 2 === 0 ? "lost" : "failed", turn % 2 === 0 ? "runner_lost" : "step_failed", 1);
      step(run, turn * 1_000_000);
      step(run, turn * 1_000_000 + 500_000);
    }
    expect(run.jobs[0]?.attempts).toHaveLength(ATTEMPTS_MAX);
    expect(run.state).toBe("failed");
  });
});

describe("deadlines", () => {
  test.each([
    ["queued", "queueDeadlineAt", "timed_out: queue_timeout"],
    ["dispatched", "queueDeadlineAt", "timed_out: queue_timeout"],
    ["starting", "deadlineAt", "timed_out: attempt_timeout"],
    ["running", "deadlineAt", "timed_out: attempt_timeout"],
    ["uploading", "deadlineAt", "timed_out: attempt_timeout"],
  ] as const)("an attempt that is %s past its %s ends the job as %s", (state, deadline, expected) => {
    const run = started([testJob("a")]);
    const attempt = run.jobs[0]?.attempts[0];
    Object.assign(attempt ?? {}, { state, [deadline]: NOW + 10 });
    expect(step(run, NOW + 9)).toEqual([]);
    step(run, NOW + 10);
    expect(stateOf(run)).toEqual({ a: expected });
  });

  test("an attempt that no runner claims is given up and tried again", () => {
    const run = started([testJob("a")]);
    Object.assign(run.jobs[0]?.attempts[0] ?? {}, { state: "dispatched", claimDeadlineAt: NOW + 10 });
    step(run, NOW + 10);
    expect(run.jobs[0]?.attempts.map(({ reason }) => reason)).toEqual(["runner_start_timeout", null]);
  });

  test("of the run asks claimed attempts to stop, ends the others, and waits for the last", () => {
    const run = started([testJob("a"), testJob("b"), testJob("c", { needs: needs(["a"]) })]);
    run.deadlineAt = NOW + 100;
    Object.assign(run.jobs[0]?.attempts[0] ?? {}, { state: "running" });
    step(run, NOW + 100);
    expect(run.jobs[0]?.attempts[0]).toMatchObject({
      state: "cancel_requested",
      cancelReason: "run_timeout",
    });
    expect(stateOf(run)).toMatchObject({ b: "timed_out: run_timeout", c: "timed_out: run_timeout" });
    expect(run.state).toBe("queued");
    end(run, "a", "timed_out", "run_timeout");
    step(run, NOW + 101);
    expect(run.state).toBe("timed_out");
  });
});

describe("a cancel", () => {
  test("ends what nobody claimed at once and asks the rest to stop", () => {
    const run = started([testJob("a"), testJob("b"), testJob("c", { needs: needs(["a"]) })]);
    Object.assign(run.jobs[0]?.attempts[0] ?? {}, { state: "running" });
    Object.assign(run.jobs[1]?.attempts[0] ?? {}, { state: "dispatched" });
    run.state = "cancel_requested";
    run.cancelReason = "canceled_by_user";
    step(run, NOW);
    expect(stateOf(run)).toEqual({ a: "active", b: "canceled: canceled_run", c: "canceled: canceled_run" });
    end(run, "a", "canceled", "canceled_run");
    expect(step(run, NOW).at(-1)).toMatchObject({ state: "canceled", reason: "canceled_by_user" });
  });

  test("that is never confirmed ends by its deadline", () => {
    const run = started([testJob("a")]);
    Object.assign(run.jobs[0]?.attempts[0] ?? {}, { state: "running" });
    run.state = "cancel_requested";
    step(run, NOW);
    expect(step(run, NOW + 9)).toEqual([]);
    step(run, NOW + 10);
    expect(run.jobs[0]?.attempts[0]).toMatchObject({ state: "canceled", reason: "cancel_unconfirmed" });
    expect(run.state).toBe("canceled");
  });

  test("retries nothing", () => {
    const run = started([testJob("a", { retry: { max: 5, on: ["exit:1"], delay_ms: 0 } })]);
    end(run, "a", "lost", "runner_lost");
    run.state = "cancel_requested";
    step(run, NOW);
    expect(run.jobs[0]?.attempts).toHaveLength(1);
    expect(run.state).toBe("canceled");
  });
});
