import { describe, expect, test } from "vitest";
import { desiredChecks, jobCheckName } from "../../../control-plane/checks/check-model.ts";
import type { AttemptView, JobView, RunView } from "../../../schemas/api.ts";
import type { PlacedDiagnostic } from "../../../schemas/diagnostic.ts";
import type { JobState, RunState } from "../../../schemas/states.ts";
import { compiled, HEAD, leftOut, testEvent, testJob, testPlan } from "../../support/plans.ts";

const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-01T00:01:05.000Z";

function job(key: string, change: Partial<JobView> = {}): JobView {
  return {
    id: `id-of-${key}`,
    key,
    required: true,
    state: "waiting",
    reason: null,
    reason_detail: null,
    because: "it has no condition",
    pending: null,
    attempts: [],
    started_at: null,
    finalized_at: null,
    ...change,
  };
}

function run(change: Partial<RunView> = {}): RunView {
  return {
    version: 1,
    id: "0190a0b0-0000-7000-8000-000000000000",
    number: 7,
    repository: "ada/engine",
    state: "running",
    reason: null,
    reason_detail: null,
    event: testEvent(),
    head: HEAD,
    base: null,
    plan_digest: null,
    diagnostics: [],
    jobs: [],
    created_at: AT,
    started_at: AT,
    finalized_at: null,
    cancel_requested_at: null,
    rerun_of: null,
    ...change,
  };
}

function attempt(change: Partial<AttemptView> = {}): AttemptView {
  return {
    id: "a1",
    number: 1,
    state: "failed",
    reason: "step_failed",
    reason_detail: null,
    exit_code: 3,
    pending: null,
    steps: [],
    streams: [],
    artifacts: [],
    created_at: AT,
    started_at: AT,
    finalized_at: LATER,
    cancel_receipt: null,
    ...change,
  };
}

const checksOf = (view: RunView, plan = testPlan([])) =>
  desiredChecks(view, plan, "http://ci.example/runs/x").map(({ check }) => check);
const jobCheck = (change: Partial<JobView>) => checksOf(run({ jobs: [job("build", change)] }))[1];

describe("what the forge shows for a job", () => {
  test.each<readonly [JobState, boolean, string, string | null]>([
    ["waiting", true, "queued", null],
    ["active", true, "queued", null],
    ["succeeded", true, "completed", "success"],
    ["failed", true, "completed", "failure"],
    ["failed", false, "completed", "neutral"],
    ["timed_out", true, "completed", "timed_out"],
    ["canceled", true, "completed", "cancelled"],
    ["skipped", true, "completed", "skipped"],
    ["blocked", true, "completed", "failure"],
    ["blocked", false, "completed", "neutral"],
  ])("%s, required %s: %s %s", (state, required, status, conclusion) => {
    expect(jobCheck({ state, required })).toMatchObject({ status, conclusion });
  });

  test("a job whose runner is at work is in progress", () => {
    expect(jobCheck({ state: "active", started_at: AT })).toMatchObject({
      status: "in_progress",
      title: "Running",
    });
  });

  test("a conclusion is given if and only if the check is completed, and names are apart", () => {
    const states: JobState[] = [
      "waiting",
      "active",
      "succeeded",
      "failed",
      "canceled",
      "timed_out",
      "skipped",
      "blocked",
    ];
    const checks = checksOf(run({ jobs: states.map((state) => job(state, { state })) }));
    for (const check of checks) {
      expect(check.conclusion === null).toBe(check.status !== "completed");
    }
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });

  test("a skipped job carries its evidence: the decision, the digest and the command that repeats it", () => {
    const plan = testPlan([testJob("build")], { leftOut: [leftOut("docs")] });
    const view = run({
      plan_digest: compiled(plan).digest,
      jobs: [job("docs", { state: "skipped", because: "nothing of docs changed" })],
    });
    const check = checksOf(view, plan)[1];
    expect(check).toMatchObject({ conclusion: "skipped", title: "Skipped: nothing of docs changed" });
    expect(check?.summary).toContain("decided by");
    expect(check?.summary).toContain(".delta/pipeline.yaml:1:1");
    expect(check?.summary).toContain(view.plan_digest);
    expect(check?.summary).toContain("delta explain docs");
  });

  test("a failed attempt tells its reason, exit code and steps", () => {
    const step = {
      index: 0,
      state: "failed",
      exit_code: 3,
      signal: null,
      duration_ms: 1_500,
      name: "unit tests",
    } as const;
    const check = jobCheck({
      state: "failed",
      reason: "step_failed",
      started_at: AT,
      finalized_at: LATER,
      attempts: [attempt({ steps: [step] })],
    });
    expect(check?.title).toBe("Failed: a step ended with a non-zero exit code");
    expect(check?.summary).toContain("(exit code 3)");
    expect(check?.summary).toContain("| unit tests | failed | exit 3 | 1.5 s |");
  });

  test("why it waits is in the title", () => {
    expect(jobCheck({ state: "active", pending: "the pool is full" })?.title).toBe(
      "Waiting: the pool is full",
    );
  });

  test("its details open the run's page at the job; without a page there are none", () => {
    expect(jobCheck({})?.detailsUrl).toBe("http://ci.example/runs/x#job-id-of-build");
    expect(desiredChecks(run(), null, null)[0]?.check.detailsUrl).toBeNull();
  });
});

describe("what the forge shows for a run", () => {
  test.each<readonly [RunState, string, string | null]>([
    ["created", "queued", null],
    ["planning", "queued", null],
    ["queued", "queued", null],
    ["running", "in_progress", null],
    ["cancel_requested", "in_progress", null],
    ["succeeded", "completed", "success"],
    ["failed", "completed", "failure"],
    ["plan_failed", "completed", "failure"],
    ["canceled", "completed", "cancelled"],
    ["timed_out", "completed", "timed_out"],
  ])("%s: %s %s", (state, status, conclusion) => {
    expect(checksOf(run({ state }))[0]).toMatchObject({ name: "delta", status, conclusion, headSha: HEAD });
  });

  test("a commit without a pipeline does not pass", () => {
    const view = run({
      state: "plan_failed",
      reason: "pipeline_missing",
      reason_detail: "there is no pipeline",
    });
    expect(checksOf(view)[0]).toMatchObject({ conclusion: "failure", title: "There is no pipeline" });
  });

  test("mistakes in the pipeline are annotations on their lines, and in the summary", () => {
    const diagnostic: PlacedDiagnostic = {
      code: "DC1005",
      severity: "error",
      message: "the text is not YAML",
      span: { file: ".delta/pipeline.yaml", start: 0, end: 9 },
      related: [],
      place: { file: ".delta/pipeline.yaml", line: 2, column: 3 },
      end: { file: ".delta/pipeline.yaml", line: 2, column: 8 },
    };
    const across = { ...diagnostic, severity: "warning" as const, end: { file: "x", line: 4, column: 1 } };
    const nowhere = { ...diagnostic, span: null, place: null, end: null };
    const view = run({ state: "plan_failed", diagnostics: [diagnostic, across, nowhere] });
    const check = checksOf(view)[0];
    expect(check?.annotations).toEqual([
      {
        path: ".delta/pipeline.yaml",
        startLine: 2,
        endLine: 2,
        startColumn: 3,
        endColumn: 7,
        level: "failure",
        title: "DC1005 yaml.syntax",
        message: "the text is not YAML",
      },
      expect.objectContaining({
        startLine: 2,
        endLine: 4,
        startColumn: null,
        endColumn: null,
        level: "warning",
      }),
    ]);
    expect(check?.summary).toContain("- **error** DC1005 `.delta/pipeline.yaml:2:3`: the text is not YAML");
  });

  test("the summary tells results, then the decision trace with digest and command", () => {
    const plan = testPlan([testJob("build")], { leftOut: [leftOut("docs")] });
    const view = run({
      state: "succeeded",
      reason: "ok",
      finalized_at: LATER,
      plan_digest: compiled(plan).digest,
      jobs: [
        job("build", { state: "succeeded", reason: "ok", started_at: AT, finalized_at: LATER }),
        job("docs", { state: "skipped", because: "nothing of docs changed" }),
      ],
    });
    const check = checksOf(view, plan)[0];
    expect(check?.title).toBe("1 succeeded, 1 skipped");
    expect(check?.summary).toMatch(/^\*\*Run 7 succeeded\*\* in 1 min 5 s\./);
    expect(check?.summary).toContain("| `build` | succeeded | 1 min 5 s |  |");
    expect(check?.summary).toContain("nothing of docs changed");
    expect(check?.summary).toContain(`sha256:`);
    expect(check?.summary).toContain("delta plan");
  });

  test("a thousand jobs with long names fit GitHub's limits, and the counts stay", () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `job-${index}-${"x".repeat(300)}`);
    const plan = testPlan(keys.map((key) => testJob(key)));
    const view = run({
      plan_digest: compiled(plan).digest,
      jobs: keys.map((key) => job(key, { state: "failed", reason: "step_failed" })),
    });
    const checks = checksOf(view, plan);
    for (const { name, title, summary } of checks) {
      expect(name.length).toBeLessThanOrEqual(255);
      expect(title.length).toBeLessThanOrEqual(255);
      expect(summary.length).toBeLessThanOrEqual(65_535);
    }
    expect(new Set(checks.map(({ name }) => name)).size).toBe(1_001);
    expect(checks[0]?.title).toBe("1000 failed");
  });

  test("markup in what people wrote is shown, not obeyed", () => {
    const evil = "</details><img src=x onerror=alert(1)> [click](http://evil) @everyone |";
    const check = jobCheck({
      state: "failed",
      reason: "runner_error",
      reason_detail: evil,
      attempts: [attempt({ reason_detail: evil })],
    });
    expect(check?.summary).not.toContain("<img");
    expect(check?.summary).not.toContain("](http");
    expect(check?.summary).not.toMatch(/(^|\s)@everyone/);
  });
});

test("the same state gives the same checks", () => {
  const view = run({ jobs: [job("a"), job("b", { state: "active", started_at: AT })] });
  expect(checksOf(view)).toEqual(checksOf(structuredClone(view)));
});

test("cut names stay apart", () => {
  const long = "x".repeat(300);
  expect(jobCheckName(`${long}1`)).not.toBe(jobCheckName(`${long}2`));
  expect(jobCheckName("build")).toBe("delta / build");
});
