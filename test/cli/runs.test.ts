import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, finished, startDelta, type Result } from "./support/delta.ts";
import { makeJob, makeRun, RUN_ID, startApiServer, TOKEN, type ApiServer } from "./support/api-server.ts";
import { temporaryFolder } from "./support/repository.ts";

function ask(server: ApiServer, ...args: string[]): Promise<Result> {
  return delta(args, { cwd: temporaryFolder(), env: { DELTA_SERVER: server.url, DELTA_TOKEN: TOKEN } });
}

describe("delta runs", () => {
  test("list shows one line per run", async () => {
    const server = await startApiServer([makeRun()]);
    const { code, stdout } = await ask(server, "runs", "list");
    expect(code).toBe(0);
    const [heading, line] = stdout.split("\n");
    expect(heading).toMatch(/^RUN +STATE +REF/);
    expect(line).toMatch(new RegExp(`^7 +succeeded +main +a{12} +5.0 s +1 +shop +${RUN_ID}$`));
  });

  test("list --json prints what the server said", async () => {
    const server = await startApiServer([makeRun()]);
    const { stdout } = await ask(server, "runs", "list", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, runs: [{ id: RUN_ID }], next: null });
  });

  test.each([["7"], ["#7"], ["latest"], [RUN_ID], [RUN_ID.slice(0, 10)]])(
    "show finds the run by %s",
    async (word) => {
      const server = await startApiServer([makeRun()]);
      const { code, stdout } = await ask(server, "runs", "show", word);
      expect(code).toBe(0);
      expect(stdout).toContain("run 7 succeeded in 5.0 s");
      expect(stdout).toMatch(/✓ succeeded +prices +3.0 s/);
    },
  );

  test("show ends with 1 and the reason when the run failed", async () => {
    const failed = makeJob("prices", {
      state: "failed",
      reason: "step_failed",
      reason_detail: "test: exit code 3",
    });
    const server = await startApiServer([
      makeRun({ state: "failed", reason: "required_job_failed", jobs: [failed] }),
    ]);
    const { code, stdout } = await ask(server, "runs", "show", "7");
    expect(code).toBe(1);
    expect(stdout).toContain("a step ended with a non-zero exit code: test: exit code 3");
  });

  test("show --watch follows a run to its end, one line for each change", async () => {
    const waiting = makeJob("prices", { state: "waiting", reason: null, attempts: [], finalized_at: null });
    const server = await startApiServer([
      makeRun({ state: "running", finalized_at: null, jobs: [waiting] }),
      makeRun({ state: "running", finalized_at: null }),
      makeRun(),
    ]);
    const shown = server.views;
    server.answer = (request, response) => {
      if (request.url !== `/api/v1/runs/${RUN_ID}`) return false;
      response.writeHead(200).end(JSON.stringify(shown[0]));
      return true;
    };
    const { code, stdout, stderr } = await ask(server, "runs", "show", RUN_ID, "--watch");
    expect(code).toBe(0);
    expect(stderr.match(/✓ {2}prices/g)).toHaveLength(1);
    expect(stdout).toContain("run 7 succeeded");
  });

  test("a follower takes the run up again when the server was away", async () => {
    const server = await startApiServer([makeRun({ state: "running", finalized_at: null, jobs: [] })]);
    const child = startDelta(["runs", "show", RUN_ID, "--watch"], {
      cwd: temporaryFolder(),
      env: { DELTA_SERVER: server.url, DELTA_TOKEN: TOKEN },
    });
    const result = finished(child);
    child.stderr?.on("data", (bytes: Buffer) => {
      if (!bytes.toString().includes("does not answer")) return;
      server.views = [makeRun()];
      server.away = false;
    });
    server.answer = (request) => {
      if (request.url?.endsWith("/events") !== true) return false;
      server.answer = null;
      server.away = true;
      request.socket.destroy();
      return true;
    };
    expect((await result).code).toBe(0);
  });

  test("logs go to stdout, headings to stderr, escapes are shown as text", async () => {
    const server = await startApiServer([makeRun()]);
    server.logs = { 0: "ready\n", 1: "\u001b[31mred\u001b[0m \u001b]52;c;eA==\u0007 end" };
    const { code, stdout, stderr } = await ask(server, "runs", "logs", "7", "prices");
    expect(code).toBe(0);
    expect(stdout).toBe("ready\n\u001b[31mred\u001b[0m \\x1b]52;c;eA==\\x07 end\n");
    expect(stderr).toBe("── prices, attempt 1, runner\n── prices, attempt 1, test\n");
  });

  test("logs --json holds the text of every stream", async () => {
    const server = await startApiServer([makeRun()]);
    server.logs = { 1: "one\ntwo\n" };
    const { stdout } = await ask(server, "runs", "logs", "7", "--json");
    expect(JSON.parse(stdout).logs[1]).toEqual({
      job: "prices",
      attempt: 1,
      stream: 1,
      name: "test",
      text: "one\ntwo\n",
    });
  });

  test("logs of a job that is not there suggests the nearest one and ends with 2", async () => {
    const server = await startApiServer([makeRun()]);
    const { code, stderr } = await ask(server, "runs", "logs", "7", "prizes");
    expect(code).toBe(2);
    expect(stderr).toContain("the run has no job prizes");
    expect(stderr).toContain("Did you mean prices?");
  });

  test.each([
    ["cancel", "POST", "cancel"],
    ["rerun", "POST", "rerun"],
  ])("%s asks the server for it", async (command, method, action) => {
    const server = await startApiServer([makeRun()]);
    const { code } = await ask(server, "runs", command, "latest");
    expect(code).toBe(0);
    expect(server.asked).toContain(`${method} /api/v1/runs/${RUN_ID}/${action}`);
  });

  test("a refused request ends with 1 and the server's own sentence", async () => {
    const server = await startApiServer([makeRun()]);
    server.answer = (request, response) => {
      if (request.method !== "POST") return false;
      response.writeHead(409).end('{"error":"run_ended","message":"run 7 has ended"}');
      return true;
    };
    const { code, stderr } = await ask(server, "runs", "cancel", RUN_ID);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "delta: run 7 has ended\n" });
  });
});

describe("finding the server", () => {
  test("without a server it says how to start one and ends with 3", async () => {
    const state = temporaryFolder();
    const { code, stderr } = await delta(["runs", "list"], { cwd: state, env: { DELTA_STATE_DIR: state } });
    expect(code).toBe(3);
    expect(stderr).toContain("no control plane runs for your state folder");
    expect(stderr).toContain("delta up");
  });

  test("server.json in the state folder names it, with its token", async () => {
    const state = temporaryFolder();
    const server = await startApiServer([makeRun()]);
    writeFileSync(join(state, "server.json"), JSON.stringify({ url: server.url, token: TOKEN, pid: 1 }));
    const { code } = await delta(["runs", "list"], { cwd: state, env: { DELTA_STATE_DIR: state } });
    expect(code).toBe(0);
  });

  test("a broken server.json counts as none", async () => {
    const state = temporaryFolder();
    writeFileSync(join(state, "server.json"), "{");
    const { code } = await delta(["runs", "list"], { cwd: state, env: { DELTA_STATE_DIR: state } });
    expect(code).toBe(3);
  });

  test("the token comes from --token-file; a wrong one is refused with a hint", async () => {
    const server = await startApiServer([makeRun()]);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "good"), `${TOKEN}\n`);
    writeFileSync(join(folder, "bad"), "other");
    const list = (file: string): Promise<Result> =>
      delta(["runs", "list", "--server", server.url, "--token-file", file], { cwd: folder });
    expect((await list("good")).code).toBe(0);
    const refused = await list("bad");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("the token is not known");
    expect((await list("none")).stderr).toContain("cannot read the token file none");
  });

  test("a server that answers with something else is named as such", async () => {
    const server = await startApiServer([makeRun()]);
    server.answer = (_, response) => {
      response.writeHead(200).end("<html>hello</html>");
      return true;
    };
    const { code, stderr } = await ask(server, "runs", "list");
    expect(code).toBe(3);
    expect(stderr).toContain("did not answer as Delta CI does");
  });
});
