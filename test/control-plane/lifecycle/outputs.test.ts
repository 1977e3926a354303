import { describe, expect, test } from "vitest";
import { completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease } from "../../../control-plane/lifecycle/heartbeat.ts";
import { bindLateValues } from "../../../control-plane/lifecycle/late-values.ts";
import type { RunId } from "../../../schemas/ids.ts";
import { OUTPUTS_BYTES_MAX } from "../../../schemas/limits.ts";
import type { PlanLateValue } from "../../../schemas/plan-job-parts.ts";
import type { PlanJob } from "../../../schemas/plan.ts";
import type { CompleteRequest } from "../../../schemas/runner-protocol.ts";
import { createWorld, type World } from "../../support/control-plane-world.ts";
import { leftOut, needs, testJob, testPlan } from "../../support/plans.ts";

const PLACE = { file: ".delta/pipeline.yaml", line: 1, column: 1 };

function late(variable: string, parts: PlanLateValue["parts"], step: number | null = null): PlanLateValue {
  return { variable, step, parts, place: PLACE };
}

const READS = [
  late("TAG", ["v", { job: "a", output: "version" }, "!"]),
  late("HOW", [{ job: "a", output: null }]),
  late("NONE", [{ job: "a", output: "image" }], 0),
];

async function world(changes: Partial<PlanJob> = {}): Promise<{ world: World; run: RunId }> {
  const created = await createWorld();
  const a = testJob("a", { outputs: ["version", "image"], ...changes });
  const b = testJob("b", { needs: needs(["a"], "done"), late: READS, env: { PLAIN: "1" } });
  return { world: created, run: await created.planned(testPlan([a, b])) };
}

/** Carries the next attempt of a job out to its report. */
async function report(world: World, run: RunId, job: string, body: Partial<CompleteRequest>) {
  await world.dispatchAll(run);
  const lease = await world.claimed((await world.attemptOf(run, job)).id);
  const sender = { leaseId: lease.id, token: lease.token };
  const { epoch } = lease;
  await acknowledgeLease(world.database, sender, { epoch, seq: 1 });
  const succeeded = { outcome: "succeeded", reason: "ok", exit_code: 0, summary: "", steps: [] } as const;
  const request: CompleteRequest = { epoch, seq: 1, ...succeeded, steps: [], ...body };
  return { send: () => completeAttempt(world.database, sender, request) };
}

async function specOf(world: World, run: RunId, job: string) {
  await world.dispatchAll(run);
  const answer = await world.claim((await world.attemptOf(run, job)).id);
  if (answer.status !== "granted") throw new Error(answer.status);
  const { env, steps } = answer.reply.spec;
  return { env, steps: steps.map((step) => step.env) };
}

describe("outputs", () => {
  test("of a job are in the environment of the one that needs it, also when its claim is repeated", async () => {
    const { world: w, run } = await world();
    const { send } = await report(w, run, "a", { outputs: { version: "1.2" } });
    expect(await send()).toMatchObject({ status: "ok" });
    const expected = { env: { PLAIN: "1", TAG: "v1.2!", HOW: "succeeded" }, steps: [{ NONE: "" }] };
    expect(await specOf(w, run, "b")).toEqual(expected);
    expect(await specOf(w, run, "b")).toEqual(expected);
  });

  test("of a job that failed are handed on, with its result", async () => {
    const { world: w, run } = await world();
    const failed = { outcome: "failed", reason: "step_failed", exit_code: 1 } as const;
    await (await report(w, run, "a", { ...failed, outputs: { version: "0" } })).send();
    expect((await specOf(w, run, "b")).env).toMatchObject({ TAG: "v0!", HOW: "failed" });
  });

  test("of the last attempt count", async () => {
    const { world: w, run } = await world({ retry: { max: 1, on: ["exit:1"], delay_ms: 0 } });
    const failed = { outcome: "failed", reason: "step_failed", exit_code: 1 } as const;
    await (await report(w, run, "a", { ...failed, outputs: { version: "first", image: "left" } })).send();
    await w.advance(run);
    await (await report(w, run, "a", { outputs: { version: "second" } })).send();
    expect(await specOf(w, run, "b")).toMatchObject({ env: { TAG: "vsecond!" }, steps: [{ NONE: "" }] });
  });

  test.each([
    ["that the job does not have", { other: "1" }, "the job has no output other"],
    [
      "that are too large together",
      { version: "a".repeat(OUTPUTS_BYTES_MAX / 2), image: "b".repeat(OUTPUTS_BYTES_MAX / 2) },
      `the outputs have more than ${OUTPUTS_BYTES_MAX} bytes`,
    ],
  ])("%s are refused, and the attempt goes on", async (_, outputs, message) => {
    const { world: w, run } = await world();
    const { send } = await report(w, run, "a", { outputs });
    expect(await send()).toEqual({ status: "invalid_request", message });
    expect((await w.attemptOf(run, "a")).state).toBe("starting");
    const rows = await w.database`select outputs from delta.attempts`;
    expect(rows[0]).toEqual({ outputs: {} });
  });

  test("under a stale epoch change nothing", async () => {
    const { world: w, run } = await world();
    const { send } = await report(w, run, "a", { epoch: 4_711, outputs: { version: "forged" } });
    expect(await send()).toEqual({ status: "stale_lease" });
    expect((await w.database`select outputs from delta.attempts`)[0]).toEqual({ outputs: {} });
  });
});

test("a job that starts before what it reads has ended is our fault, and said so", () => {
  const job = testJob("b", { late: READS });
  const results = new Map([["a", { key: "a", state: "waiting" as const, outputs: {} }]]);
  expect(() => bindLateValues(job, results)).toThrow("job b was started before a, which it reads, had ended");
});

test("a job of a fork that asks for a secret ends with that as its reason", async () => {
  const created = await createWorld();
  const because = "it asks for the secret `deploy`, and runs from forks get no secrets";
  const blocked = { ...leftOut("deploy", "blocked"), clause: "trust" as const, because };
  await created.planned(testPlan([testJob("a")], { leftOut: [blocked, leftOut("next", "blocked")] }));
  const rows =
    await created.database`select state, reason, reason_detail from delta.jobs where key <> 'a' order by key`;
  expect(rows).toMatchObject([
    { state: "blocked", reason: "withheld_from_fork", reason_detail: because },
    { state: "blocked", reason: "need_skipped" },
  ]);
});
