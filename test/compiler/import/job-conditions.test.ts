import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";

interface Job {
  readonly needs?: readonly unknown[];
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly (
    | string
    | { readonly run: string; readonly env?: Readonly<Record<string, string>> }
  )[];
}

const BEFORE =
  'a: { container: i, outputs: { v: "${{ steps.s.outputs.v }}" }, steps: [{ id: s, run: x }] }\n  b: { container: i, steps: [{ run: x }] }\n';

function imported(job: string, more = "") {
  const text = `on: push\njobs:\n  ${BEFORE}  j: { needs: [a, b], container: i, ${job} }\n${more}`;
  const { pipeline, findings } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  const { jobs } = parse(pipeline ?? "{}") as { readonly jobs: Readonly<Record<string, Job>> };
  return { job: jobs["j"], told: findings.map(({ code, message }) => `${code} ${message}`) };
}

/** What the steps print when the needed jobs ended so, and the first one left that output. */
function printed(job: Job | undefined, [a, b]: readonly [string, string], v = ""): string {
  const values: Readonly<Record<string, string>> = {
    "needs.a.result": a,
    "needs.b.result": b,
    "needs.a.outputs.v": v,
  };
  const filled = (env: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(env).map(([name, text]) => [
        name,
        values[/^\$\{\{ (.*) \}\}$/.exec(text)?.[1] ?? ""] ?? text,
      ]),
    );
  return (job?.steps ?? [])
    .map((step) => (typeof step === "string" ? { run: step } : step))
    .map(({ run, env }: { readonly run: string; readonly env?: Readonly<Record<string, string>> }) =>
      execFileSync("sh", ["-e", "-c", run], {
        env: { PATH: process.env["PATH"], ...filled(job?.env), ...filled(env) },
        encoding: "utf8",
      }),
    )
    .join("");
}

const NOTE = expect.stringMatching(/^DC1804 This is decided when the job starts/);

describe("the condition of a job that nobody needs", () => {
  test("asks for failures of those before it when it starts", () => {
    const { job, told } = imported("if: failure(), steps: [{ run: echo failed }]");
    expect(told).toEqual([NOTE]);
    expect(job?.needs).toEqual([
      { job: "a", when: "done" },
      { job: "b", when: "done" },
    ]);
    expect(printed(job, ["succeeded", "failed"])).toBe("failed\n");
    expect(printed(job, ["timed_out", "succeeded"])).toBe("failed\n");
    expect(printed(job, ["succeeded", "blocked"])).toBe("failed\n");
    expect(printed(job, ["succeeded", "skipped"])).toBe("");
  });

  test("asks for outputs when it starts, and an environment is told", () => {
    const { job, told } = imported(
      "if: needs.a.outputs.v == 'yes', environment: e, steps: [{ run: echo one }, { run: echo two }]",
    );
    expect(told).toEqual([
      expect.stringMatching(/^DC1802 The job counts as a deployment here also where it does nothing/),
      NOTE,
    ]);
    expect(job?.needs).toEqual(["a", "b"]);
    expect(printed(job, ["succeeded", "succeeded"], "Yes")).toBe("one\ntwo\n");
    expect(printed(job, ["succeeded", "succeeded"], "no")).toBe("");
  });

  test("of no failure waits for jobs that were skipped as for those that succeeded", () => {
    const { job, told } = imported("if: '!cancelled() && !failure()', steps: [{ run: x }]");
    expect(told).toEqual([]);
    expect(job?.needs).toEqual([
      { job: "a", when: "skipped_ok" },
      { job: "b", when: "skipped_ok" },
    ]);
  });
});

test.each(["failure()", "needs.a.outputs.v == 'yes'"])(
  "%s of a job that another one needs is told: that one would run where there it is skipped",
  (condition) => {
    const more = "  after: { needs: j, container: i, steps: [{ run: x }] }\n";
    const { told } = imported(`if: "${condition}", steps: [{ run: x }]`, more);
    expect(told).toEqual([expect.stringMatching(/^DC1801 This condition has no counterpart/)]);
  },
);

test("labels of a request are told to be unknown", () => {
  const { told } = imported(
    "if: \"contains(github.event.pull_request.labels.*.name, 'x')\", steps: [{ run: x }]",
  );
  expect(told).toEqual([expect.stringContaining("labels of a request are not known here")]);
});

test("a step asks for the results of all needed jobs when it starts", () => {
  const { job } = imported(
    "if: always(), steps: [{ if: \"contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')\", run: echo bad }, { if: \"!contains(needs.*.result, 'failure')\", run: echo good }, { if: needs.b.result == 'skipped', run: echo skipped }]",
  );
  expect(printed(job, ["succeeded", "failed"])).toBe("bad\n");
  expect(printed(job, ["canceled", "skipped"])).toBe("bad\ngood\nskipped\n");
  expect(printed(job, ["succeeded", "succeeded"])).toBe("good\n");
});
