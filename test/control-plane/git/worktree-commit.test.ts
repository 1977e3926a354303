import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAffectedInput, worktreeCommit } from "../../../control-plane/git/index.ts";
import { GitWorld } from "../../support/git/git-world.ts";

/** A clone with two committed files checked out. */
async function checkout(): Promise<{ world: GitWorld; head: string }> {
  const world = await GitWorld.create();
  const files = {
    "kept.txt": "kept\n",
    "edited.txt": "first\n",
    "removed.txt": "x\n",
    ".gitignore": "*.log\n",
  };
  const head = await world.commit({ ref: "refs/heads/main", files });
  await world.git("reset", "--hard", "--quiet");
  return { world, head };
}

async function put(world: GitWorld, path: string, text: string): Promise<void> {
  await mkdir(join(world.path, path, ".."), { recursive: true });
  await writeFile(join(world.path, path), text);
}

describe("a commit of the working tree", () => {
  it("holds tracked and new files as they are, and none that is ignored", async () => {
    const { world, head } = await checkout();
    await using _ = world;
    await put(world, "edited.txt", "second\n");
    await put(world, "new/file.txt", "new\n");
    await put(world, "debug.log", "ignored\n");
    await rm(join(world.path, "removed.txt"));
    await chmod(join(world.path, "kept.txt"), 0o755);
    const commit = await worktreeCommit(await world.open());
    const { changes } = await readAffectedInput(await world.open(), { base: head, head: commit });
    expect(changes).toMatchObject({ rule: "explicit", merge_base: head });
    expect(changes.changed).toEqual([
      { status: "M", path: "edited.txt" },
      { status: "M", path: "kept.txt" },
      { status: "A", path: "new/file.txt" },
      { status: "D", path: "removed.txt" },
    ]);
    expect(await world.git("rev-parse", `${commit}^`)).toBe(head);
  });

  it("leaves the index, HEAD, the refs and what was staged as they are", async () => {
    const { world, head } = await checkout();
    await using _ = world;
    await put(world, "edited.txt", "staged\n");
    await world.git("add", "edited.txt");
    await put(world, "edited.txt", "on top\n");
    const before = await readFile(join(world.path, ".git/index"));
    const refs = await world.git("for-each-ref");
    const commit = await worktreeCommit(await world.open());
    expect(await world.git("show", `${commit}:edited.txt`)).toBe("on top");
    expect(await world.git("show", ":edited.txt")).toBe("staged");
    expect(await readFile(join(world.path, ".git/index"))).toEqual(before);
    expect(await world.git("rev-parse", "HEAD")).toBe(head);
    expect(await world.git("for-each-ref")).toBe(refs);
  });

  it("is HEAD itself when nothing differs, and the same commit for the same files", async () => {
    const { world, head } = await checkout();
    await using _ = world;
    expect(await worktreeCommit(await world.open())).toBe(head);
    await put(world, "new.txt", "new\n");
    const first = await worktreeCommit(await world.open());
    expect(first).not.toBe(head);
    expect(await worktreeCommit(await world.open())).toBe(first);
  });

  it("runs no hook and no file watcher of the repository", async () => {
    const { world } = await checkout();
    await using _ = world;
    const trap = join(world.path, "trap.sh");
    await writeFile(trap, `#!/bin/sh\ntouch '${world.path}/sprung'\n`, { mode: 0o755 });
    await world.git("config", "core.fsmonitor", trap);
    await mkdir(join(world.path, ".git/hooks"), { recursive: true });
    await writeFile(join(world.path, ".git/hooks/post-index-change"), `#!/bin/sh\n'${trap}'\n`, {
      mode: 0o755,
    });
    await put(world, "new.txt", "new\n");
    const commit = await worktreeCommit(await world.open());
    const paths = (await world.git("ls-tree", "-r", "--name-only", commit)).split("\n");
    expect(paths).toContain("new.txt");
    await expect(readFile(join(world.path, "sprung"))).rejects.toThrow("ENOENT");
  });

  it("has no parent before the first commit", async () => {
    await using world = await GitWorld.create();
    await put(world, "first.txt", "1\n");
    const commit = await worktreeCommit(await world.open());
    expect(await world.git("log", "--format=%P|%s", "-1", commit)).toBe("|Working tree");
  });

  it("is refused by name in a bare repository", async () => {
    await using world = await GitWorld.create({ bare: true });
    await expect(worktreeCommit(await world.open())).rejects.toMatchObject({
      code: "no_work_tree",
      message: expect.stringContaining(world.path) as string,
    });
  });
});
