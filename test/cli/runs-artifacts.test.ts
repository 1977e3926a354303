import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ArtifactView, JobView } from "../../schemas/api.ts";
import { delta, finished, startDelta, type Result } from "./support/delta.ts";
import { makeJob, makeRun, startApiServer, TOKEN, type ApiServer } from "./support/api-server.ts";
import { temporaryFolder } from "./support/repository.ts";

const ATTEMPTS = { old: "0199a3c4-0000-7000-8000-0000000000a0", new: "0199a3c4-0000-7000-8000-0000000000a1" };

function artifact(name: string, content: string, more: Partial<ArtifactView> = {}): ArtifactView {
  return {
    name,
    type: "file",
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    files: 3,
    unpacked_bytes: 9,
    expires_at: "2031-02-03T12:00:00.000Z",
    removed_at: null,
    ...more,
  };
}

function jobLeaving(key: string, ...artifacts: readonly ArtifactView[]): JobView {
  const job = makeJob(key);
  const [attempt] = job.attempts;
  if (attempt === undefined) throw new Error("the job has no attempt");
  const first = { ...attempt, id: ATTEMPTS.old, artifacts: [artifact("dist", "first")] };
  return { ...job, attempts: [first, { ...attempt, id: ATTEMPTS.new, number: 2, artifacts }] };
}

const REMOVED = artifact("tests", "gone", { type: "junit", removed_at: "2030-02-03T12:00:00.000Z" });

/** A server with two jobs that left things, and the content of each artifact by its path. */
async function world(contents: Readonly<Record<string, string>> = {}) {
  const jobs = [
    jobLeaving("build[node=24]", artifact("dist", "of 24"), REMOVED),
    jobLeaving("build[node:24]", artifact("dist", "other")),
    makeJob("quiet"),
  ];
  const server = await startApiServer([makeRun({ jobs })]);
  const served: Record<string, string> = { [`${ATTEMPTS.new}/dist`]: "of 24", ...contents };
  server.answer = (request, response) => {
    const asked = /^\/api\/v1\/attempts\/([^/]+)\/artifacts\/(.+)$/.exec(request.url ?? "");
    const content = served[`${asked?.[1]}/${asked?.[2]}`];
    if (asked === null || content === undefined) return false;
    response.writeHead(200, { "content-type": "application/gzip" }).end(content);
    return true;
  };
  const cwd = temporaryFolder();
  const env = { DELTA_SERVER: server.url, DELTA_TOKEN: TOKEN };
  const ask = (...args: string[]): Promise<Result> =>
    delta(["runs", "artifacts", "7", ...args], { cwd, env });
  return { server, ask, cwd, env };
}

const asksForBytes = ({ asked }: ApiServer) => asked.filter((line) => line.includes("/artifacts/"));

describe("delta runs artifacts", () => {
  test("lists what the last attempts left, and what was removed", async () => {
    const { ask, server } = await world();
    const { code, stdout } = await ask();
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["ARTIFACT", "JOB", "TYPE", "FILES", "SIZE", "KEPT"],
      ["dist", "build[node=24]", "file", "3", "5 B", "until 2031-02-03"],
      ["tests", "build[node=24]", "junit", "3", "4 B", "removed 2030-02-03"],
      ["dist", "build[node:24]", "file", "3", "5 B", "until 2031-02-03"],
      [""],
    ]);
    expect(asksForBytes(server)).toEqual([]);
  });

  test("lists one job, one name or another attempt, and says when there is none", async () => {
    const { ask } = await world();
    expect((await ask("build[node=24]", "tests")).stdout.split("\n")).toHaveLength(3);
    expect((await ask("build[node=24]", "--attempt", "1")).stdout).toMatch(/^dist /m);
    expect(await ask("quiet")).toMatchObject({ code: 0, stdout: "", stderr: "There are no artifacts.\n" });
    const json = JSON.parse((await ask("build[node:24]", "--json")).stdout) as unknown;
    expect(json).toEqual({
      version: 1,
      artifacts: [
        {
          job: "build[node:24]",
          attempt: 2,
          attempt_id: ATTEMPTS.new,
          path: null,
          ...artifact("dist", "other"),
        },
      ],
    });
  });

  test("is also what `delta runs show` ends with", async () => {
    const { cwd, env } = await world();
    expect((await delta(["runs", "show", "7"], { cwd, env })).stdout).toMatch(
      /^dist +build\[node=24\] +file/m,
    );
  });

  test("downloads one to a file, in place of what is there, or into a folder that is", async () => {
    const { ask, cwd } = await world();
    writeFileSync(join(cwd, "mine.tar.gz"), "older and longer");
    const one = await ask("build[node=24]", "dist", "--output", "mine.tar.gz");
    expect(one).toMatchObject({ code: 0, stdout: "mine.tar.gz\n" });
    expect(readFileSync(join(cwd, "mine.tar.gz"), "utf8")).toBe("of 24");
    mkdirSync(join(cwd, "kept"));
    await ask("build[node=24]", "dist", "-o", "kept");
    await ask("build[node=24]", "dist", "-o", "made/");
    for (const folder of ["kept", "made"]) {
      expect(readdirSync(join(cwd, folder))).toEqual(["build_node_24_-dist.tar.gz"]);
    }
  });

  test("downloads all into a folder, no two under one name, and ends with 1 when one was removed", async () => {
    const { server, ask, cwd } = await world();
    const jobs = [
      jobLeaving("build[node=24]", artifact("dist", "of 24"), REMOVED),
      jobLeaving("build[node:24]", artifact("dist", "of 24")),
    ];
    server.views = [makeRun({ jobs })];
    const { code, stdout, stderr } = await ask("--output", "all");
    expect([code, stderr]).toEqual([1, "tests of build[node=24] was removed: its time was over\n"]);
    const names = ["build_node_24_-dist.tar.gz", `build_node_24_-${ATTEMPTS.new}-dist.tar.gz`];
    expect(stdout.trim().split("\n")).toEqual(names.map((name) => join("all", name)));
    expect(readdirSync(join(cwd, "all")).toSorted()).toEqual(names.toSorted());
  });

  test.each([
    ["shorter", "of 2"],
    ["longer", "of 24 and more"],
    ["other", "of 42"],
  ])("keeps nothing of what comes %s than the run tells", async (_, content) => {
    const { ask, cwd } = await world({ [`${ATTEMPTS.new}/dist`]: content });
    writeFileSync(join(cwd, "mine.tar.gz"), "older");
    const { code, stderr } = await ask("build[node=24]", "dist", "--output", "mine.tar.gz");
    expect(code).toBe(3);
    expect(stderr).toContain("the artifact dist did not come as the run tells of it");
    expect(readdirSync(cwd)).toEqual(["mine.tar.gz"]);
    expect(readFileSync(join(cwd, "mine.tar.gz"), "utf8")).toBe("older");
  });

  test("keeps nothing of a download that is cut off, and says so", async () => {
    const { server, ask, cwd } = await world();
    const usual = server.answer;
    server.answer = (request, response) => {
      if (!request.url?.includes("/artifacts/")) return usual?.(request, response) ?? false;
      response.writeHead(200, { "content-length": "5" }).write("of", () => response.destroy());
      return true;
    };
    const { code, stderr } = await ask("build[node=24]", "dist", "--output", "mine.tar.gz");
    expect([code, stderr]).toEqual([3, "delta: the download of dist was cut off\n"]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("leaves nothing half when it is stopped by Ctrl-C", async () => {
    const { server, cwd, env } = await world();
    const begun = Promise.withResolvers<void>();
    server.answer = (request, response) => {
      if (!request.url?.includes("/artifacts/")) return false;
      response.writeHead(200).write("of", () => begun.resolve());
      return true;
    };
    const args = ["runs", "artifacts", "7", "build[node=24]", "dist", "--output", "mine.tar.gz"];
    const child = startDelta(args, { cwd, env });
    const result = finished(child);
    await begun.promise;
    await expect.poll(() => readdirSync(cwd)).toHaveLength(1);
    child.kill("SIGINT");
    expect((await result).code).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("does not take the runner's file of outputs for the place to write to", async () => {
    const { cwd, env, server } = await world();
    const outputs = join(cwd, "outputs");
    writeFileSync(outputs, "version=1\n");
    const args = ["runs", "artifacts", "7", "build[node=24]", "dist"];
    const { stdout } = await delta(args, { cwd, env: { ...env, DELTA_OUTPUT: outputs } });
    expect(stdout).toMatch(/^ARTIFACT/);
    expect(readFileSync(outputs, "utf8")).toBe("version=1\n");
    expect(asksForBytes(server)).toEqual([]);
  });

  test.each([
    [["build[node=24]", "dits"], 2, "the job left no artifact dits", "It left: dist, tests."],
    [["biuld[node=24]"], 2, "the run has no job biuld[node=24]", "Did you mean build[node=24]?"],
    [["build[node=24]", "--attempt", "9"], 2, "build[node=24] has no attempt 9", ""],
    [["build[node=24]", "dist", "-o", "no/such/file"], 3, "cannot write no/such/file: there is no such", ""],
  ])("%j ends with %i", async (args, expected, message, hint) => {
    const { ask } = await world();
    const { code, stderr } = await ask(...args);
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });
});
