import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isManifest } from "../../../compiler/components/index.ts";
import type { TreeSnapshot } from "../../../compiler/input.ts";
import { CommitContents } from "../../../control-plane/git/commit-contents.ts";
import {
  openRepository,
  readAffectedInput,
  readCompileInput,
  resolveCommit,
} from "../../../control-plane/git/index.ts";
import { ObjectReader } from "../../../control-plane/git/object-reader.ts";
import { readTree } from "../../../control-plane/git/tree.ts";
import { TreeReader } from "../../../control-plane/git/tree-reader.ts";
import { GitWorld } from "../../support/git/git-world.ts";

const textsOf = ({ contents }: TreeSnapshot): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from(contents, ([path, bytes]) => [path, Buffer.from(bytes).toString()]));

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
  it("loads the wanted contents alone", async () => {
    await using world = await GitWorld.create();
    const files = { ".delta/pipeline.yaml": "jobs", "a/b/go.mod": "module b", "package.json": "{}" };
    const head = await world.commit({ ref: "refs/heads/main", files: { ...files, "big.bin": "not wanted" } });
    const input = await readCompileInput(await world.open(), { head });
    expect(textsOf(input.head)).toEqual(files);
    expect(input.head.entries.get("big.bin")?.mode).toBe("100644");
  });

  it("has of the base what the head has, but for what changed", async () => {
    await using world = await GitWorld.create();
    const kept = { "kept/go.mod": "module kept", "moved.txt": "a text\n".repeat(20) };
    const before = { ...kept, "gone/go.mod": "module gone", "changed/go.mod": "module one", "a.txt": "a" };
    const after = { ...kept, "new/go.mod": "module new", "changed/go.mod": "module two", "a.txt": "b" };
    const gone = { "gone/go.mod": null, "moved.txt": null, "package.json": kept["moved.txt"] };
    const [base = "", head = ""] = await world.commits([
      { ref: "refs/heads/main", files: before },
      { ref: "refs/heads/main", files: { ...after, ...gone } },
    ]);
    const input = await readCompileInput(await world.open(), { base, head });
    const { "moved.txt": text, "a.txt": _, ...manifests } = before;
    expect(input.base === null ? null : textsOf(input.base)).toEqual(manifests);
    expect(textsOf(input.head)).toEqual({
      "kept/go.mod": "module kept",
      "new/go.mod": "module new",
      "changed/go.mod": "module two",
      "package.json": text,
    });
  });

  it("refuses contents that are too much for the memory", async () => {
    await using world = await GitWorld.create();
    const files = { "a/go.mod": "a".repeat(60), "b/go.mod": "b".repeat(60), "c.txt": "c".repeat(600) };
    const head = await world.commit({ ref: "refs/heads/main", files });
    const repository = await world.open();
    await using objects = new ObjectReader(repository);
    const contentsWithin = async (bytes: number) => {
      const contents = new CommitContents(objects, isManifest, undefined, bytes);
      await readTree(new TreeReader(repository, objects), head, (file) => contents.meet(file));
      return [...(await contents.whole()).keys()];
    };
    expect(await contentsWithin(120)).toEqual(["a/go.mod", "b/go.mod"]);
    await expect(contentsWithin(119)).rejects.toMatchObject({
      code: "too_large",
      message: "configuration, manifests and lockfiles of a commit have more than 119 bytes",
    });
    expect(await contentsWithin(120)).toHaveLength(2);
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
