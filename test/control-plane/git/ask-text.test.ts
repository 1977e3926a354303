import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { askText } from "../../../control-plane/git/ask-text.ts";
import { askGit } from "../../../control-plane/git/git-process.ts";
import { GitWorld } from "../../support/git/git-world.ts";
import { importsOf } from "../../tidy/import-table.ts";
import { trackedFiles } from "../../tidy/sources.ts";

/** Waits for the input that nobody sends or ends. */
const ENDLESS = ["cat-file", "--batch"];

describe("a text question", () => {
  it("is answered as the plain runner answers it", async () => {
    await using world = await GitWorld.create();
    const commit = await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const place = await world.open();
    const asked = { arguments: ["rev-parse", "HEAD"] };
    expect(await askText(place, asked)).toEqual({ text: `${commit}\n`, stderr: "", exitCode: 0 });
    expect((await askGit(place, asked)).stdout.toString()).toBe(`${commit}\n`);
  });

  it.each([
    { arguments: ["rev-parse", "--verify", "--end-of-options", "nothing"] },
    { arguments: ["symbolic-ref", "--quiet", "refs/heads/main"] },
    { arguments: ["no-such-command"] },
  ])("that git refuses fails in the plain runner's words: $arguments", async (question) => {
    await using world = await GitWorld.create();
    const place = await world.open();
    const plain: unknown = await askGit(place, question).catch((error: unknown) => error);
    expect(plain).toMatchObject({ code: "git_failed" });
    await expect(askText(place, question)).rejects.toEqual(plain);
  });

  it("whose exit code is an answer gives it", async () => {
    await using world = await GitWorld.create();
    const question = { arguments: ["config", "--get", "no.such"], accepted: [1] };
    expect(await askText(await world.open(), question)).toMatchObject({ text: "", exitCode: 1 });
  });

  it("is given the environment it names and nothing of this process's own", async () => {
    await using world = await GitWorld.create();
    const place = await world.open();
    const ambient = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "x.y", GIT_CONFIG_VALUE_0: "z" };
    Object.assign(process.env, ambient);
    try {
      const question = { arguments: ["config", "--get", "x.y"], accepted: [1] };
      expect(await askText(place, question)).toMatchObject({ text: "" });
      const told = { arguments: ["rev-parse", "--git-dir"], environment: { PATH: process.env["PATH"] } };
      const elsewhere = { ...told, environment: { ...told.environment, GIT_DIR: join(world.path, "none") } };
      expect(await askText(place, told)).toMatchObject({ text: ".git\n" });
      await expect(askText(place, elsewhere)).rejects.toMatchObject({ code: "not_a_repository" });
    } finally {
      for (const name of Object.keys(ambient)) delete process.env[name];
    }
  });

  it("runs no hook of the repository", async () => {
    await using world = await GitWorld.create();
    const { text } = await askText(await world.open(), { arguments: ["config", "--get", "core.hooksPath"] });
    expect(text).toBe("/dev/null\n");
  });

  it("ends when it is told to, before and after git was started", async () => {
    await using world = await GitWorld.create();
    const place = await world.open();
    const before = askText(place, { arguments: ["rev-parse", "HEAD"], signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ code: "canceled" });
    const later = new AbortController();
    const running = askText(place, { arguments: ENDLESS, signal: later.signal });
    setImmediate(() => later.abort());
    await expect(running).rejects.toMatchObject({ code: "canceled" });
  });

  it("ends at its deadline", async () => {
    await using world = await GitWorld.create();
    const question = { arguments: ENDLESS, timeoutMs: 100 };
    await expect(askText(await world.open(), question)).rejects.toMatchObject({
      code: "timed_out",
      message: "git cat-file gave no answer in 0.1 s",
    });
  });
});

it("git is started in two places: as a plain process in one, by simple-git in the other", () => {
  const starters = trackedFiles(".ts").flatMap(({ path, text }) =>
    path.startsWith("control-plane/git/")
      ? [...new Set(importsOf(text))]
          .filter((specifier) => specifier === "simple-git" || specifier === "node:child_process")
          .map((specifier) => ({ path, specifier }))
      : [],
  );
  const spawning = starters.filter(({ path }) => path !== "control-plane/git/object-reader.ts");
  expect(spawning).toEqual([
    { path: "control-plane/git/ask-text.ts", specifier: "simple-git" },
    { path: "control-plane/git/git-process.ts", specifier: "node:child_process" },
  ]);
});
