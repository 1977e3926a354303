import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta } from "./support/delta.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const NODE = "version: 1\ntemplates: { node: { image: 'node:24', steps: [npm ci] } }\n";
const DIGEST = createHash("sha256").update(NODE).digest("hex");
const include = (sha256: string): string =>
  `include: [{ repo: team/ci, ref: v3, sha256: "${sha256}", file: node.yaml }]`;

/** Each is a process of its own, on a machine that may have more to do. */
const SEVERAL_COMMANDS_MS = 300_000;

interface PlanAnswer {
  readonly digest: string | null;
  readonly plan: {
    readonly policy: unknown;
    readonly sources: readonly { readonly from: unknown }[];
    readonly jobs: readonly {
      readonly image: string | null;
      readonly env: Readonly<Record<string, string>>;
    }[];
  } | null;
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
}

/** A clone whose remote `origin` lies in a folder that stands for a forge, beside `team/ci`. */
function clone(pipeline: string): {
  readonly here: TestRepository;
  readonly forge: string;
  readonly env: NodeJS.ProcessEnv;
} {
  const forge = temporaryFolder();
  const team = makeRepository({ "node.yaml": NODE });
  team.git("tag", "v3");
  mkdirSync(join(forge, "team"));
  renameSync(team.path, join(forge, "team", "ci"));
  const here = makeRepository({ ".delta/pipeline.yaml": pipeline });
  here.git("remote", "add", "origin", join(forge, "acme", "app"));
  return { here, forge, env: { XDG_CACHE_HOME: temporaryFolder() } };
}

async function plan(cwd: string, env: NodeJS.ProcessEnv, ...flags: readonly string[]): Promise<PlanAnswer> {
  const { stdout } = await delta(["plan", "--json", ...flags], { cwd, env });
  return JSON.parse(stdout) as PlanAnswer;
}

describe("a pipeline that includes a file of another repository", () => {
  const pipeline = `version: 1\n${include(DIGEST)}\njobs: { test: { extends: node } }\n`;

  test(
    "is planned, validated and explained with it, and without the network once it was read",
    async () => {
      const { here, forge, env } = clone(pipeline);
      const first = await plan(here.path, env);
      expect(first.plan?.jobs[0]?.image).toBe("node:24");
      expect(first.plan?.sources[1]?.from).toEqual({ repo: "team/ci", ref: "v3", sha256: DIGEST });
      rmSync(forge, { recursive: true });
      expect((await plan(here.path, env)).digest).toBe(first.digest);
      const [valid, explained] = await Promise.all([
        delta(["validate"], { cwd: here.path, env }),
        delta(["explain", "test"], { cwd: here.path, env }),
      ]);
      expect(valid).toMatchObject({ code: 0 });
      expect(explained.stdout).toContain("test runs");
    },
    SEVERAL_COMMANDS_MS,
  );

  test("is refused from where the person did not allow it", async () => {
    const { here, env } = clone(pipeline);
    const { digest, diagnostics } = await plan(here.path, { ...env, DELTA_INCLUDE_FROM: "acme/*" });
    expect(digest).toBeNull();
    expect(diagnostics.map(({ code }) => code)).toContain("DC1612");
  });

  test("is shown in the text of that file when that has an error", async () => {
    const broken = NODE.replace("steps", "stepz");
    const sha256 = createHash("sha256").update(broken).digest("hex");
    const { here, forge, env } = clone(`version: 1\n${include(sha256)}\njobs: { test: { extends: node } }\n`);
    writeFileSync(join(forge, "team", "ci", "node.yaml"), broken);
    here.git("-C", join(forge, "team", "ci"), "commit", "--quiet", "--all", "-m", "broken");
    here.git("-C", join(forge, "team", "ci"), "tag", "--force", "v3");
    const { stdout, code } = await delta(["validate"], { cwd: here.path, env });
    expect(code).toBe(1);
    expect(stdout).toContain("team/ci@v3:node.yaml:2:40: error DC1101");
    expect(stdout).toContain("2 | templates: { node: { image: 'node:24', stepz: [npm ci] } }");
  });
});

describe("--policy", () => {
  const pipeline = "version: 1\njobs: { test: { timeout: 2h, steps: [npm test] } }\n";
  const policyFile = (text: string): string => {
    const path = join(temporaryFolder(), "policy.yaml");
    writeFileSync(path, `version: 1\npolicies: { jobs: { ${text} } }\n`);
    return path;
  };

  test(
    "refuses a job past a ceiling, naming the line of the policy",
    async () => {
      const { path } = makeRepository({ ".delta/pipeline.yaml": pipeline });
      const file = policyFile("timeout: 1h");
      const commands = [["plan"], ["validate"], ["explain", "test"], ["why-not", "test"]];
      const results = await Promise.all(
        commands.map((command) => delta([...command, "--policy", file], { cwd: path })),
      );
      for (const { code, stdout, stderr } of results) {
        expect(code).toBe(1);
        expect(stdout + stderr).toContain(`the operators' policy (${file}:2:21) allows at most 1h`);
      }
    },
    SEVERAL_COMMANDS_MS,
  );

  test("is part of the plan by its digest, wherever the file lies", async () => {
    const { path } = makeRepository({ ".delta/pipeline.yaml": pipeline });
    const one = await plan(path, {}, "--policy", policyFile("timeout: 3h"));
    const same = await plan(path, { DELTA_POLICY_FILE: policyFile("timeout: 180m") });
    expect(one.plan?.policy).toEqual({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string });
    expect(same.digest).toBe(one.digest);
  });

  test("with an error ends the command with what is wrong", async () => {
    const { path } = makeRepository({ ".delta/pipeline.yaml": pipeline });
    const { code, stderr } = await delta(["plan", "--policy", policyFile("timeout: soon")], { cwd: path });
    expect(code).toBe(3);
    expect(stderr).toContain("DC1108");
  });
});

test("`delta plan --event manual --input` shows what a person would start", async () => {
  const { path } = makeRepository({
    ".delta/pipeline.yaml": `version: 1
on: { manual: { inputs: { reason: {} } } }
jobs: { test: { env: { WHY: "\${{ inputs.reason ?? '' }}" }, steps: [npm test] } }
`,
  });
  const manual = ["--event", "manual", "--ref", "refs/heads/main", "--head", "HEAD"];
  expect((await plan(path, {}, ...manual, "--input", "reason=drill")).plan?.jobs[0]?.env.WHY).toBe("drill");
  const missing = await delta(["plan", ...manual], { cwd: path });
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(".delta/pipeline.yaml:2:27: error DC1607 input.missing");
});
