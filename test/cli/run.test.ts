import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, finished, startDelta, type Result } from "./support/delta.ts";
import { processesOf, whenGone, whenItSays } from "./support/processes.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const PIPELINE = `version: 1
name: shop
jobs:
  good:
    changes: ["src/**"]
    steps:
      - name: say
        run: echo good says $(cat src/word)
  docs:
    changes: ["docs/**"]
    steps:
      - run: echo docs
  after:
    changes: ["src/**"]
    needs: [good]
    steps:
      - name: break
        run: |
          echo about to break
          exit \${CODE:-0}
`;

function shop(pipeline = PIPELINE): TestRepository {
  const repository = makeRepository({ ".delta/pipeline.yaml": pipeline, "src/word": "one", "docs/a": "1" });
  repository.commit("change the code", { "src/word": "two" });
  return repository;
}

/** A pipeline of one job that says in the folder that it has begun, and waits there for `go`. */
function waiting(folder: string): string {
  return `version: 1
name: slow
jobs:
  slow:
    steps:
      - run: echo started > ${folder}/started; while [ ! -e ${folder}/go ]; do sleep 0.1; done
`;
}

/** A state folder of this test's own, whose database is stopped when nobody uses it any more. */
function world(): { state: string; env: NodeJS.ProcessEnv } {
  const state = temporaryFolder();
  return { state, env: { DELTA_STATE_DIR: state } };
}

function run(repository: TestRepository, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Result> {
  return delta(["run", ...args], { cwd: repository.path, env });
}

describe("delta run", { timeout: 300_000 }, () => {
  test("runs what the change needs, shows a table, ends with 0 and leaves no process", async () => {
    const { state, env } = world();
    const { code, stdout, stderr } = await run(shop(), env, "--base", "HEAD~1");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^STATE +JOB +TIME +TRIES +WHY$/m);
    expect(stdout).toMatch(/✓ succeeded +good +[\d.]+ s/);
    expect(stdout).toMatch(/✓ succeeded +after /);
    expect(stdout).toMatch(/– skipped +docs /);
    expect(stdout).toMatch(/run 1 succeeded in [\d.]+ s/);
    expect(stderr).toMatch(/✓ {2}good/);
    expect(await processesOf(state)).toEqual([]);
  });

  test("a failing job: exit code 1, its reason, the end of its log", async () => {
    const repository = shop(PIPELINE.replace("${CODE:-0}", "7"));
    const { code, stdout, stderr } = await run(repository, world().env, "--base", "HEAD~1");
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ failed +after .*exit code 7/);
    expect(stderr).toContain("── after, break\nabout to break\n");
  });

  test("--worktree runs what is not committed; --json is one object", async () => {
    const repository = shop();
    repository.write({ "src/word": "three" });
    const { state, env } = world();
    const { code, stdout, stderr } = await run(
      repository,
      env,
      "--base",
      "HEAD",
      "--worktree",
      "--json",
      "good",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ version: 1, run: { state: "succeeded" } });
    expect(answer.run.plan_digest).toBe(answer.digest);
    expect(await processesOf(state)).toEqual([]);
  });

  test("the same digest as `delta plan`, and nothing to run is no failure", async () => {
    const repository = shop();
    const { env } = world();
    const nothing = await run(repository, env, "--base", "HEAD");
    expect(nothing.code).toBe(0);
    expect(nothing.stdout).toContain("nothing to run");
    const planned = await delta(["plan", "--base", "HEAD~1", "--json"], { cwd: repository.path, env });
    const ran = await run(repository, env, "--base", "HEAD~1", "--json");
    expect(JSON.parse(ran.stdout).digest).toBe(JSON.parse(planned.stdout).digest);
    expect(JSON.parse(ran.stdout).run.plan_digest).toBe(JSON.parse(planned.stdout).digest);
  });

  test("Ctrl-C cancels the run, waits for the job to stop and ends with 130", async () => {
    const folder = temporaryFolder();
    const ended = join(folder, "ended");
    const pipeline = `version: 1
name: slow
jobs:
  slow:
    steps:
      - run: trap 'echo stopped > ${ended}; exit 1' TERM; echo started > ${folder}/started; while true; do sleep 0.1; done
`;
    const { state, env } = world();
    const child = startDelta(["run", "--all"], { cwd: shop(pipeline).path, env });
    const result = finished(child);
    await whenItSays(() => readFileSync(join(folder, "started"), "utf8"), "started");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await result;
    expect(code).toBe(130);
    expect(stderr).toContain("Canceling; the jobs are being stopped.");
    expect(stdout).toMatch(/⊘ canceled +slow /);
    expect(readFileSync(ended, "utf8")).toBe("stopped\n");
    expect(await processesOf(state)).toEqual([]);
    expect(await processesOf(folder)).toEqual([]);
  });

  test.each([
    ["an unknown job", ["nope"], 2, "nope"],
    ["a base that is not there", ["--base", "nope"], 3, "nope"],
    ["an unknown flag", ["--worktre"], 2, "--worktree"],
  ])("%s is named before anything is started", async (_what, args, exit, named) => {
    const { state, env } = world();
    const { code, stderr } = await run(shop(), env, ...args);
    expect(code).toBe(exit);
    expect(stderr).toContain(named);
    expect(await processesOf(state)).toEqual([]);
  });

  test("a pipeline with errors is shown and ends with 1", async () => {
    const { code, stderr } = await run(shop("version: 1\njobs: 3\n"), world().env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error DC\d{4}/);
  });

  test("a state folder that cannot be used is named and ends with 3", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const { code, stderr } = await run(shop(), { DELTA_STATE_DIR: join(file, "state") }, "--base", "HEAD~1");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^delta: .*state/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("delta up", { timeout: 300_000 }, () => {
  test("says where it is, serves `delta run` and `delta runs`, and SIGINT stops all of it", async () => {
    const { state, env } = world();
    const repository = shop();
    const up = startDelta(["up", "--port", "0"], { cwd: repository.path, env });
    const stopped = finished(up);
    let said = "";
    up.stdout?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    await whenItSays(() => said, "Ctrl-C stops all of it");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
    expect(JSON.parse(readFileSync(join(state, "server.json"), "utf8"))).toMatchObject({ url, pid: up.pid });

    expect((await run(repository, env, "--base", "HEAD~1")).code).toBe(0);
    const listed = await delta(["runs", "list", "--json"], { cwd: repository.path, env });
    expect(JSON.parse(listed.stdout).runs).toMatchObject([{ number: 1, state: "succeeded" }]);
    const logs = await delta(["runs", "logs", "latest", "good"], { cwd: repository.path, env });
    expect(logs.stdout).toContain("good says two");
    const again = await delta(["runs", "rerun", "1", "--watch"], { cwd: repository.path, env });
    expect({ code: again.code, stdout: again.stdout }).toMatchObject({ code: 0 });
    const taken = await delta(["up", "--port", new URL(url).port], {
      cwd: repository.path,
      env: { DELTA_STATE_DIR: temporaryFolder() },
    });
    expect(taken.code).toBe(3);
    expect(taken.stderr).toMatch(/port \d+ .*another program holds it/);
    const twice = await delta(["up", "--port", new URL(url).port], { cwd: repository.path, env });
    expect(twice.code).toBe(3);
    expect(twice.stderr).toContain(`\`delta up\` (process ${up.pid}) serves this state folder at ${url}\n`);
    const doctor = await delta(["doctor"], { cwd: repository.path, env });
    expect(doctor.stdout).toContain(`✓ server        ${url}`);

    up.kill("SIGINT");
    expect((await stopped).code).toBe(130);
    await whenGone(state);
    expect((await delta(["runs", "list"], { cwd: repository.path, env })).code).toBe(3);
  });

  test("tells that its port is held by a `delta run` of the same state folder", async () => {
    const folder = temporaryFolder();
    const { state, env } = world();
    const repository = shop(waiting(folder));
    const running = startDelta(["run", "--all"], { cwd: repository.path, env });
    const result = finished(running);
    await whenItSays(() => readFileSync(join(folder, "started"), "utf8"), "started");
    const { url } = JSON.parse(readFileSync(join(state, "server.json"), "utf8")) as { url: string };
    const up = await delta(["up", "--port", new URL(url).port], { cwd: repository.path, env });
    writeFileSync(join(folder, "go"), "");
    expect(up.code).toBe(3);
    expect(up.stderr).toContain(
      `\`delta run\` (process ${running.pid}) serves this state folder at ${url} until its run has ended`,
    );
    expect((await result).code).toBe(0);
    await whenGone(state);
  });

  test("`delta run` goes on when the server it uses is killed in the middle", async () => {
    const folder = temporaryFolder();
    const { state, env } = world();
    const repository = shop(waiting(folder));
    const up = startDelta(["up", "--port", "0"], { cwd: repository.path, env });
    const stopped = finished(up);
    let said = "";
    up.stdout?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    await whenItSays(() => said, "Ctrl-C stops all of it");
    const following = startDelta(["run", "--all"], { cwd: repository.path, env });
    const result = finished(following);
    let told = "";
    following.stderr?.on("data", (bytes: Buffer) => (told += bytes.toString()));
    await whenItSays(() => readFileSync(join(folder, "started"), "utf8"), "started");
    up.kill("SIGKILL");
    await stopped;
    await whenItSays(() => told, "does not answer");
    writeFileSync(join(folder, "go"), "");
    const { code, stdout } = await result;
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/✓ succeeded +slow/);
    await whenGone(state);
  });
});
