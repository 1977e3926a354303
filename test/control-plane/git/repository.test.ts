import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  openRepository,
  readAffectedInput,
  readCompileInput,
  resolveCommit,
} from "../../../control-plane/git/index.ts";
import { GitWorld } from "../../support/git/git-world.ts";

describe("opening a repository", () => {
  it("finds the top from any folder inside, and a bare one as it is", async () => {
    await using world = await GitWorld.create();
    await mkdir(join(world.path, "a/b"), { recursive: true });
    expect(await openRepository(join(world.path, "a/b"))).toMatchObject({ path: world.path, bare: false });
    await using bare = await GitWorld.create({ bare: true });
    expect(await bare.open()).toMatchObject({ path: bare.path, bare: true, shallow: false });
  });

  it("names the folder that is no repository, and one that is not there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "delta-none-"));
    try {
      await expect(openRepository(folder)).rejects.toMatchObject({ code: "not_a_repository" });
      await expect(openRepository(folder)).rejects.toThrow(folder);
      await expect(openRepository(join(folder, "nowhere"))).rejects.toThrow("is not a folder");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says so when git is not installed", async () => {
    await using world = await GitWorld.create();
    const path = process.env["PATH"];
    process.env["PATH"] = join(world.path, "nothing-here");
    try {
      const head = openRepository(world.path).then((repository) => resolveCommit(repository, "HEAD"));
      await expect(head).rejects.toMatchObject({ code: "git_missing" });
    } finally {
      process.env["PATH"] = path;
    }
  });
});

describe("a revision", () => {
  it("may be any that git knows", async () => {
    await using world = await GitWorld.create();
    const first = await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const second = await world.commit({ ref: "refs/heads/main", files: { a: "2" } });
    await world.git("tag", "-a", "-m", "a tag", "v1", first);
    const repository = await world.open();
    expect(await resolveCommit(repository, "HEAD")).toBe(second);
    expect(await resolveCommit(repository, "main~1")).toBe(first);
    expect(await resolveCommit(repository, "v1")).toBe(first);
    expect(await resolveCommit(repository, second.slice(0, 10))).toBe(second);
  });

  it.each([
    "--output=x",
    "--all",
    "-h",
    "nowhere",
    "main..HEAD",
    "HEAD:a",
    "",
    "a\nHEAD",
    "$(id)",
    "x missing",
  ])("%j is never an option and is named when it is unknown", async (revision) => {
    await using world = await GitWorld.create();
    await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const repository = await world.open();
    const refused = {
      code: "unknown_revision",
      message: expect.stringContaining(JSON.stringify(revision)) as string,
    };
    await expect(resolveCommit(repository, revision)).rejects.toMatchObject(refused);
    await expect(readAffectedInput(repository, { head: "HEAD", base: revision })).rejects.toMatchObject(
      refused,
    );
  });

  it("of a deleted ref is refused by the ref's name", async () => {
    await using world = await GitWorld.create();
    const head = await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const repository = await world.open();
    const { event } = await readCompileInput(repository, { head });
    const deleted = { ...event, ref: "refs/heads/gone", deleted: true };
    await expect(readCompileInput(repository, { event: deleted })).rejects.toMatchObject({
      code: "ref_deleted",
      message: expect.stringContaining("refs/heads/gone") as string,
    });
  });
});

describe("reading a commit", () => {
  it("loads the wanted contents alone, and further ones that those name", async () => {
    await using world = await GitWorld.create();
    const files = {
      ".delta/pipeline.yaml": "include one.yaml",
      "one.yaml": "include two.yaml",
      "two.yaml": "end",
    };
    const head = await world.commit({ ref: "refs/heads/main", files: { ...files, "big.bin": "not wanted" } });
    const input = await readCompileInput(await world.open(), {
      head,
      wantedMore: ({ contents }) =>
        [...contents.values()].flatMap(
          (bytes) => /include (\S+)/.exec(Buffer.from(bytes).toString())?.[1] ?? [],
        ),
    });
    expect([...input.head.contents.keys()].sort()).toEqual(Object.keys(files).sort());
    expect(input.head.entries.get("big.bin")?.mode).toBe("100644");
  });

  it("describes HEAD as a push of its branch", async () => {
    await using world = await GitWorld.create();
    await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const { event } = await readCompileInput(await world.open());
    expect(event).toMatchObject({
      kind: "push",
      ref: "refs/heads/main",
      default_branch: "main",
      trust: "trusted",
    });
  });

  it("stops when it is told to", async () => {
    await using world = await GitWorld.create();
    await world.commit({ ref: "refs/heads/main", files: { a: "1" } });
    const repository = await world.open();
    await expect(readCompileInput(repository, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "canceled",
    });
  });

  it("runs nothing that the repository's configuration names", async () => {
    await using world = await GitWorld.create();
    const trap = join(world.path, "trap.sh");
    await writeFile(trap, `#!/bin/sh\ntouch '${world.path}/sprung'\ncat\n`, { mode: 0o755 });
    const base = await world.commit({
      ref: "refs/heads/main",
      files: { "a.txt": "1", ".gitattributes": "* diff=x filter=x" },
    });
    const head = await world.commit({ ref: "refs/heads/main", files: { "a.txt": "2" } });
    for (const key of [
      "core.fsmonitor",
      "core.pager",
      "diff.external",
      "diff.x.textconv",
      "diff.x.command",
      "filter.x.smudge",
    ]) {
      await world.git("config", key, trap);
    }
    const { changes } = await readAffectedInput(await world.open(), { base, head });
    expect(changes.changed).toEqual([{ status: "M", path: "a.txt" }]);
    await expect(resolveCommit(await world.open(), "HEAD")).resolves.toBe(head);
    expect((await import("node:fs")).existsSync(join(world.path, "sprung"))).toBe(false);
  });
});
