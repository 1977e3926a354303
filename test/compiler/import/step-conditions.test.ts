import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";
import { RunnerWorld } from "../../support/runner-world.ts";
import { ranJob } from "./ran-job.ts";

/** Conditions of GitHub's steps that are known only when the job runs, in real shells. */
const world = new RunnerWorld();
afterEach(() => world.cleanUp());

const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ["sh", ["sh", "-e", "-c"]],
  ["bash that minds pipes", ["bash", "-eo", "pipefail", "-c"]],
];

const FAILING = (middle: string): string => `- run: echo first
- { if: failure(), run: echo early }
- { run: "${middle}" }
- { run: echo second }
- { if: "\${{ failure() }}", run: echo failed }
- { if: success() || failure(), run: echo either way }`;

function told(steps: string, runner = "container: a"): readonly string[] {
  const text = `on: push\njobs: { a: { ${runner}, steps: [${steps}] } }\n`;
  const { findings } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  return findings.map(({ code, message }) => `${code} ${message}`);
}

describe.each(SHELLS)("in %s", (_, shell) => {
  test("a step of `failure()` runs after a failure and in no other case", async () => {
    const failed = await ranJob(world, shell, FAILING("exit 3"));
    expect(failed.outcome).toBe("failed");
    expect(failed.printed.join("")).toBe("first\nfailed\neither way\n");
    const well = await ranJob(world, shell, FAILING("true"));
    expect(well.outcome).toBe("succeeded");
    expect(well.printed.join("")).toBe("first\nsecond\neither way\n");
  });

  test("what an earlier step wrote decides whether a later one does anything, by the rules that hold there", async () => {
    const holds = [
      "steps.one.outputs.yes == 'true'",
      "steps.one.outputs.none != 'true'",
      "steps.one.outputs.word",
      "!steps.one.outputs.none",
      "contains(steps.one.outputs.word, 'TAX')",
      "startsWith(steps.one.outputs.word, 'syn')",
      "endsWith(steps.one.outputs.word, 'ax')",
      "steps.one.outputs.none == 'x' || github.event_name == 'push'",
      "!(steps.one.outputs.yes == 'true' && steps.one.outputs.none)",
      "env.WROTE == 'later' && env.OWN == 'own'",
      "steps.one.outputs.yes != steps.one.outputs.word",
    ];
    const not = [
      "steps.one.outputs.yes != 'TRUE'",
      "steps.one.outputs.none",
      "contains(steps.one.outputs.none, 'x')",
      "startsWith(steps.one.outputs.word, 'ax')",
      "endsWith(steps.one.outputs.word, 'syntaxx')",
      "steps.one.outputs.word == 'syntax' && steps.one.outputs.none != ''",
      "failure() && steps.one.outputs.yes",
    ];
    const step = (condition: string, index: number): string =>
      `- { if: ${JSON.stringify(condition)}, env: { OWN: own }, run: echo ${String(index)} }`;
    const { printed, outcome } = await ranJob(
      world,
      shell,
      `- { id: one, run: 'printf "yes=True\\nword=syntax\\n" >> "$GITHUB_OUTPUT"; echo "WROTE=later" >> "$GITHUB_ENV"' }
${[...holds, ...not].map(step).join("\n")}`,
    );
    expect(outcome, printed.join()).toBe("succeeded");
    expect(printed.join("")).toBe(holds.map((_condition, index) => `${String(index)}\n`).join(""));
  });
});

test("a variable that a step writes is not what the job says it is", async () => {
  const { printed } = await ranJob(
    world,
    ["bash", "-e", "-c"],
    `- run: 'echo "LEVEL=high" >> "$GITHUB_ENV"'
- { if: env.LEVEL == 'low', run: echo low }
- { if: env.LEVEL == 'high', run: echo high }`,
    "    env: { LEVEL: low }\n",
  );
  expect(printed.join("")).toBe("high\n");
});

test("that such a step is shown as one that succeeded is noted", () => {
  expect(told("{ id: one, run: x }, { if: steps.one.outputs.a == 'b', run: y }")).toEqual([
    expect.stringMatching(/^DC1804 This is decided when the step starts/),
  ]);
});

test.each([
  ["steps.two.outputs.a == 'b'", "no step `two` of this job"],
  ["steps.one.outputs.a == true", "more than a text"],
  ["steps.one.outputs.a > 1", "compares texts"],
  ["steps.one.outcome == 'failure'", "steps.one.outcome"],
  ["always() || failure()", "has no counterpart"],
])("%s is told, and its step left out", (condition, why) => {
  expect(told(`{ id: one, run: x }, { if: "${condition}", run: y }`)).toEqual([
    expect.stringMatching(`^DC1801 This condition has no counterpart.*${why}`),
  ]);
});

test("on Windows a step of PowerShell does not get lines that it cannot read", () => {
  const text =
    "on: push\njobs: { a: { runs-on: windows-latest, steps: [{ run: x }, { if: failure(), run: y }] } }\n";
  const { pipeline } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  expect(pipeline).toContain("steps:\n      - x\n");
  expect(pipeline).not.toContain("TMPDIR");
  expect(
    told(
      "{ id: one, shell: bash, run: x }, { if: failure(), run: y }, { run: 'echo ${{ steps.one.outputs.a }}' }",
      "runs-on: windows-latest",
    ).filter((one) => one.startsWith("DC1801")),
  ).toEqual([
    expect.stringMatching(/The step `echo .*` reads what only lines of a POSIX shell can find out/),
    expect.stringMatching(/The step `y` reads what only lines of a POSIX shell can find out/),
  ]);
});

test("an artifact that is kept after a failure is kept after a failure", () => {
  const text =
    "on: push\njobs: { a: { container: a, steps: [{ run: x }, { if: failure(), uses: actions/upload-artifact@v4, with: { name: logs, path: logs } }] } }\n";
  const { pipeline, findings } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  expect(findings).toEqual([]);
  expect(pipeline).toContain("when: failure");
});

test.each([
  ["succeeded", "success"],
  ["failed", "failure"],
  ["timed_out", "failure"],
  ["canceled", "cancelled"],
  ["blocked", "skipped"],
  ["skipped", "skipped"],
])("a script that asks how a job ended and reads %s finds the word of GitHub, %s", (ours, theirs) => {
  const text =
    "on: push\njobs:\n  t: { container: a, steps: [{ run: x }] }\n  a: { needs: t, if: always(), container: a, steps: [{ env: { R: '${{ needs.t.result }}' }, run: 'echo ${{ needs.t.result }} $R' }] }\n";
  const { pipeline } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  const { jobs } = parse(pipeline ?? "{}") as {
    readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run: string }[] }>>;
  };
  const printed = execFileSync("sh", ["-e", "-c", jobs["a"]?.steps[0]?.run ?? ""], {
    env: { ...process.env, NEEDS_T_RESULT: ours, R: ours },
    encoding: "utf8",
  });
  expect(printed).toBe(`${theirs} ${theirs}\n`);
});
