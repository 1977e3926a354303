import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

type Job = Readonly<Record<string, unknown>>;

function imported(kind: "gitlab" | "github", text: string, repository: string | null = null) {
  const { pipeline, findings } = importPipeline(kind, "ci.yml", new TextEncoder().encode(text), {
    repository,
  });
  const whole = parse(pipeline ?? "{}") as {
    readonly concurrency?: unknown;
    readonly jobs: Record<string, Job>;
  };
  return {
    pipeline,
    whole,
    of: whole.jobs,
    told: findings.map(({ code, message, span }) => `${code} ${String(span?.start)} ${message}`),
  };
}

const workflow = (job: string, top = ""): string => `on: push\n${top}jobs:\n  a: { container: a, ${job} }\n`;

describe("concurrency of GitHub", () => {
  test("keeps its group, and what is ended there is ended here, deployments too", () => {
    const { whole, of, told } = imported(
      "github",
      workflow(
        "environment: production, steps: [{ run: x }]",
        "concurrency: { group: 'ci-${{ github.head_ref || github.ref }}', cancel-in-progress: true }\n",
      ),
    );
    expect(told).toEqual([]);
    expect(whole.concurrency).toEqual({
      group: "ci-${{ (pr.source ?? ref.full) }}",
      on_conflict: "cancel_older",
    });
    expect(of["a"]).toMatchObject({ environment: "production", interruptible: true });
  });

  test("is told where it is computed", () => {
    const text = workflow(
      "concurrency: { group: g, cancel-in-progress: '${{ github.ref == 1 }}' }, strategy: { max-parallel: '${{ inputs.n }}', matrix: { n: [1] } }, steps: [{ run: x }]",
    );
    const { of, told } = imported("github", text);
    expect(of["a"]?.["concurrency"]).toEqual({ group: "g", on_conflict: "latest" });
    expect(told).toEqual([
      expect.stringMatching(`^DC1802 ${String(text.indexOf("cancel-in"))} Whether a newer one`),
      expect.stringMatching(`^DC1802 ${String(text.indexOf("max-parallel"))} How many cells`),
    ]);
  });
});

describe("concurrency of GitLab", () => {
  test("a resource group is one; where pipelines are ended, jobs are only that say so", () => {
    const { whole, of } = imported(
      "gitlab",
      "workflow: { auto_cancel: { on_new_commit: interruptible } }\na: { script: x, resource_group: shop }\nb: { script: x, interruptible: true }\nc: { script: x, interruptible: true, environment: e }\n",
    );
    expect(whole.concurrency).toEqual({ group: "${{ ref.full }}", on_conflict: "cancel_older" });
    expect(of["a"]).toMatchObject({ concurrency: "shop", interruptible: false });
    expect(of["b"]).not.toHaveProperty("interruptible");
    expect(of["c"]).toMatchObject({ interruptible: true });
  });
});

describe("`only` of a project", () => {
  const text = "a: { script: x, only: [main@shop/api] }\n";

  test("is told where nobody says which repository this is", () => {
    const { told } = imported("gitlab", text);
    expect(told).toEqual([
      expect.stringMatching(
        `^DC1802 ${String(text.indexOf("main@"))} \`main@shop/api\` means the repository`,
      ),
    ]);
  });

  test("is decided by the repository", () => {
    const own = imported("gitlab", text, "shop/api");
    expect([own.told, own.of["a"]?.["if"]]).toEqual([[], expect.stringContaining("ref.name == 'main'")]);
    expect(imported("gitlab", text, "fork/api").of["a"]?.["if"]).toBe("false");
  });
});

test.each([
  [
    "always() && !contains(needs.*.result, 'failure') && !contains(needs.*.result, 'cancelled')",
    "skipped_ok",
  ],
  ["always() && !contains(needs.*.result, 'failure') && !contains(needs.*.result, 'skipped')", undefined],
  ["!contains(needs.*.result, 'failure')", undefined],
  ["always()", "done"],
])("a job that runs if %s", (condition, when) => {
  const { of, told } = imported(
    "github",
    `on: push\njobs:\n  b: { container: a, steps: [{ run: x }] }\n  a: { needs: b, if: "${condition}", container: a, steps: [{ run: x }] }\n`,
  );
  expect(told).toEqual([]);
  expect(of["a"]?.["needs"]).toEqual([when === undefined ? "b" : { job: "b", when }]);
  expect(of["a"]).not.toHaveProperty("if");
});

describe("actions of GitHub", () => {
  const told = (steps: string): readonly string[] => imported("github", workflow(`steps: [${steps}]`)).told;

  test("what only saves time is a note", () => {
    const inNode = (steps: string): readonly string[] =>
      imported("github", workflow(`steps: [${steps}]`).replace("container: a", "container: node:lts")).told;
    expect(
      inNode(
        "{ uses: Swatinem/rust-cache@v2 }, { uses: actions/setup-node@v4, with: { cache: npm } }, { uses: actions/cache@v4, with: { key: k, path: ~/.npm } }, { run: x }",
      ),
    ).toEqual([1, 2, 3].map(() => expect.stringMatching(/^DC1804 .*saves time only/)));
  });

  test("the commit of the event is no other commit", () => {
    const ref = (text: string): string =>
      `{ uses: actions/checkout@v4, with: { ref: "${text}" } }, { run: x }`;
    expect(told(ref("${{ github.event.pull_request.head.sha || github.sha }}"))).toEqual([]);
    expect(told(ref("release"))).toEqual([expect.stringContaining("something else than the event's commit")]);
  });

  test("a step that asks whether a cache was found runs, and that is told", () => {
    const text = workflow(
      "steps: [{ id: c, uses: actions/cache@v4, with: { key: k, path: deps } }, { if: steps.c.outputs.cache-hit != 'true', run: fill }, { if: steps.c.outputs.cache-hit == 'true', run: skip }, { run: x }]",
    );
    const { of, told: all } = imported("github", text);
    expect(of["a"]?.["steps"]).toEqual(["fill", "x"]);
    expect(all).toEqual([expect.stringMatching("^DC1802 .*Whether this cache was found")]);
  });

  test.each([
    ["dist/", "dist", 0],
    ["a/b.txt", "a", 0],
    ["out/*.xml", "./out/", 0],
    ["dist/", "", 1],
    ["dist/", "elsewhere", 1],
  ])("files of %s that are put into %s: %d are elsewhere", (path, into, count) => {
    const text = `on: push\njobs:\n  b: { container: a, steps: [{ run: x }, { uses: actions/upload-artifact@v4, with: { name: n, path: "${path}" } }] }\n  a: { needs: b, container: a, steps: [{ uses: actions/download-artifact@v4, with: { name: n, path: "${into}" } }, { run: x }] }\n`;
    const all = imported("github", text).told;
    expect(all.filter((line) => line.includes("Files come back"))).toHaveLength(count);
  });
});

describe("variables of GitLab that a shell makes", () => {
  test("have the values that they have there, whatever else they hold", () => {
    const { pipeline, told } = imported(
      "gitlab",
      `variables: { CACHE: "$CI_PROJECT_DIR/.cache", ODD: "it's \\"$CACHE\\" \`x\`" }\na:\n  variables: { OWN: "$CACHE/own" }\n  cache: { paths: ["$CACHE/pip"] }\n  script: 'printf "%s|%s|%s|%s" "$CACHE" "$ODD" "$OWN" "$CI_PIPELINE_SOURCE"'\n`,
    );
    expect(told).toEqual([]);
    const [job] = compile(caseInput(pipeline)).plan?.jobs ?? [];
    const run = job?.steps[0]?.run ?? "";
    const env = { ...job?.env, ...job?.steps[0]?.env, DELTA_WORKSPACE: "/w", PATH: process.env["PATH"] };
    for (const shell of ["sh", "bash"])
      expect(
        execFileSync(shell, ["-e", "-c", run], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
      ).toBe('/w/.cache|it\'s "/w/.cache" `x`|/w/.cache/own|push');
    expect(job?.caches[0]?.paths).toEqual([".cache/pip"]);
  });
});
