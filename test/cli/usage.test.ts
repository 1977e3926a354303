import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";
import { delta, ROOT, startDelta, finished } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const ids = Object.keys(commands);
/** Settings that a server has too go by its names, so that one environment serves both. */
const SHARED_WITH_SERVER: Readonly<Record<string, string>> = {
  "max-jobs": "DELTA_PLAN_JOBS_MAX",
  policy: "DELTA_POLICY_FILE",
};

describe("help", () => {
  test("without arguments it lists every command", async () => {
    const { code, stdout } = await delta([], { cwd: temporaryFolder() });
    expect(code).toBe(0);
    for (const id of ids) expect(stdout).toMatch(new RegExp(`^ {2}${id.split(":")[0]} `, "m"));
  });

  test.each(ids)("%s has a summary, documented flags and help", async (id) => {
    const command = commands[id];
    expect(command?.summary).toMatch(/^[A-Z].*\.$/);
    for (const [name, flag] of Object.entries(command?.flags ?? {})) {
      expect(flag.summary, `--${name}`).toMatch(/[.]$/);
      const expected = SHARED_WITH_SERVER[name] ?? `DELTA_${name.toUpperCase().replaceAll("-", "_")}`;
      expect([expected, undefined], `--${name}`).toContain(flag.env);
    }
    const { code, stdout, stderr } = await delta([...id.split(":"), "--help"], { cwd: temporaryFolder() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`$ delta ${id.replace(":", " ")}`);
  });

  test("`help COMMAND` is the same as `COMMAND --help`", async () => {
    const cwd = temporaryFolder();
    const [one, other] = await Promise.all([
      delta(["help", "runs", "list"], { cwd }),
      delta(["runs", "list", "--help"], { cwd }),
    ]);
    expect(one).toEqual(other);
  });
});

describe("wrong usage ends with 2 and a short sentence", () => {
  test.each([
    ["an unknown command", ["intt"], "there is no command `intt`", "Did you mean `delta init`?"],
    [
      "an unknown sub-command",
      ["runs", "lisst"],
      "there is no command `runs lisst`",
      "Did you mean `delta runs list`?",
    ],
    ["an unknown flag", ["init", "--forse"], "`delta init` has no flag --forse", "Did you mean --force?"],
    [
      "a flag before the command",
      ["--froce"],
      "the flag --froce needs a command before it",
      "`delta --help`",
    ],
    ["a surplus argument", ["init", "here"], "Unexpected argument: here", "`delta init --help`"],
    [
      "a missing argument",
      ["completion"],
      "SHELL (bash, zsh, fish) is missing: The shell to complete in.",
      "`delta completion --help`",
    ],
    [
      "a missing argument of a command whose flags may be repeated",
      ["explain", "--input", "a=b"],
      "delta: JOB is missing: Id of the job",
      "`delta explain --help`",
    ],
    [
      "a value outside a closed list",
      ["completion", "tcsh"],
      "Expected tcsh to be one of: bash, zsh, fish",
      "",
    ],
    [
      "a flag's value outside a closed list",
      ["plan", "--base", "HEAD", "--base-rule", "last_gren"],
      "Expected --base-rule=last_gren to be one of: last_green",
      "",
    ],
    ["a flag without its value", ["plan", "--base"], "Flag --base expects a value", ""],
    [
      "a flag without the one that it needs",
      ["plan", "--base-rule", "last_green"],
      "must be provided when using --base-rule: --base",
      "`delta plan --help`",
    ],
    [
      "flags that exclude each other",
      ["plan", "--head", "HEAD", "--worktree"],
      "delta: --head=HEAD cannot also be provided when using --worktree; --worktree=true cannot",
      "`delta plan --help`",
    ],
    [
      "a number out of range",
      ["runs", "list", "--limit", "0"],
      "delta: --limit takes an integer greater than or equal to 1, not 0\n",
      "",
    ],
    [
      "a number that is none",
      ["plan", "--max-jobs", "many"],
      "delta: --max-jobs takes an integer, not many\n",
      "",
    ],
    [
      "a port that is none",
      ["up", "--port", "70000"],
      "delta: --port takes an integer less than or equal to 65535, not 70000\n",
      "",
    ],
    [
      "a commit that is no full id",
      ["plan", "--missing-commit", "zz"],
      "delta: --missing-commit zz is no full commit id: 40 or 64 hexadecimal digits\n",
      "",
    ],
    [
      "an unknown kind of event",
      ["plan", "--event", "pushed", "--ref", "refs/heads/main", "--head", "HEAD"],
      "--event is one of push, pull_request, manual, schedule, api, not pushed",
      "",
    ],
    [
      "a ref that is no full name",
      ["plan", "--event", "push", "--ref", "main", "--head", "HEAD"],
      "--ref takes a full name such as refs/heads/main, not main",
      "",
    ],
    [
      "an input that has no value",
      ["plan", "--event", "manual", "--ref", "refs/heads/main", "--head", "HEAD", "--input", "x"],
      "--input is name=value, not x",
      "",
    ],
    [
      "a server that is no URL",
      ["runs", "list", "--server", "nowhere"],
      "--server takes an http or https URL",
      "",
    ],
  ])("%s", async (_what, args, sentence, hint) => {
    const { code, stdout, stderr } = await delta(args, { cwd: temporaryFolder() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^delta: /);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain(hint);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test("with --json the error is data on stdout and stderr stays empty", async () => {
    const { code, stdout, stderr } = await delta(["init", "--forse", "--json"], { cwd: temporaryFolder() });
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      error: {
        code: "usage",
        message: "`delta init` has no flag --forse",
        hint: "Did you mean --force?",
        exit: 2,
      },
    });
  });
});

test("what a runner tells a job is never taken for a flag", () => {
  const names = Object.values(commands).flatMap((command) =>
    Object.values(command.flags ?? {}).map(({ env }) => env),
  );
  const said = ["RUN_ID", "JOB", "STEP", "ATTEMPT", "ATTEMPT_ID", "COMMIT", "REF", "WORKSPACE"];
  expect(names.filter((name) => said.some((word) => name === `DELTA_${word}`))).toEqual([]);
  expect(names).toContain("DELTA_BASE");
});

describe("output", () => {
  test("colours appear only when asked for", async () => {
    const cwd = temporaryFolder();
    const plain = await delta(["intt"], { cwd });
    const forced = await delta(["intt"], { cwd, env: { FORCE_COLOR: "1" } });
    const never = await delta(["intt", "--no-color"], { cwd, env: { FORCE_COLOR: "1" } });
    expect(plain.stderr).not.toContain("\u001b[");
    expect(forced.stderr).toContain("\u001b[");
    expect(never.stderr).not.toContain("\u001b[");
  });

  test.each([
    ["affected", "--base", "HEAD"],
    ["diff", "HEAD..HEAD"],
    ["explain", "a"],
    ["graph"],
    ["plan"],
    ["validate"],
    ["why-not", "a", "--base", "HEAD"],
    ["no-such-command"],
  ])("`delta %s --json` is one line where no terminal is", async (...command) => {
    const pipeline = "version: 1\njobs: { a: { changes: ['src/**'], steps: [run: 'true'] } }\n";
    const { path: cwd } = makeRepository({ ".delta/pipeline.yaml": pipeline, "src/a": "1" });
    const { stdout } = await delta([...command, "--json"], { cwd });
    expect(stdout).toMatch(/^\{"version":1,.*\}\n$/);
  });

  test("the schema is printed as it is, with and without --json", async () => {
    const cwd = temporaryFolder();
    const schema = readFileSync(join(ROOT, "schemas", "pipeline.schema.json"), "utf8");
    expect((await delta(["schema"], { cwd })).stdout).toBe(schema);
    expect((await delta(["schema", "--json"], { cwd })).stdout).toBe(schema);
  });

  test("a reader that goes away early is no error", async () => {
    const child = startDelta(["completion", "bash"], { cwd: temporaryFolder() });
    child.stdout?.destroy();
    const { signal, stderr } = await finished(child);
    expect({ signal, stderr }).toEqual({ signal: null, stderr: "" });
  });

  test("a folder given by -C that is not there is named", async () => {
    const { code, stderr } = await delta(["init", "-C", "nowhere/at/all"], { cwd: temporaryFolder() });
    expect(code).toBe(3);
    expect(stderr).toContain("cannot work in the folder nowhere/at/all");
  });

  test("a flag can come from the environment", async () => {
    const { code, stderr } = await delta(["runs", "list"], {
      cwd: temporaryFolder(),
      env: { DELTA_SERVER: "http://127.0.0.1:1" },
    });
    expect(code).toBe(3);
    expect(stderr).toContain("no control plane answers at http://127.0.0.1:1");
  });
});
