import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GitError, readCompileInput } from "../../../control-plane/git/index.ts";
import { GitWorld } from "../../support/git/git-world.ts";

interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/** Trees that `git add` never makes; nothing keeps a stranger from pushing them. */
class Forge implements AsyncDisposable {
  readonly world: GitWorld;
  readonly #folder: string;

  private constructor(world: GitWorld, folder: string) {
    this.world = world;
    this.#folder = folder;
  }

  static async create(): Promise<Forge> {
    const world = await GitWorld.create({ bare: true });
    return new Forge(world, await mkdtemp(join(tmpdir(), "delta-forged-")));
  }

  async tree(entries: readonly Entry[] | Buffer): Promise<string> {
    const bytes = Buffer.isBuffer(entries) ? entries : Buffer.concat(entries.map(rawEntry));
    const file = join(this.#folder, "tree");
    await writeFile(file, bytes);
    return await this.world.git("hash-object", "-w", "-t", "tree", "--literally", file);
  }

  async blob(content: string): Promise<string> {
    const file = join(this.#folder, "blob");
    await writeFile(file, content);
    return await this.world.git("hash-object", "-w", "--no-filters", file);
  }

  async commit(tree: string, ...parents: string[]): Promise<string> {
    return await this.world.git("commit-tree", "-m", "forged", ...parents.flatMap((id) => ["-p", id]), tree);
  }

  /** A commit with two megabytes of message. */
  async large(tree: string, parent: string): Promise<string> {
    const file = join(this.#folder, "message");
    await writeFile(file, "x".repeat(2 * 1024 * 1024));
    return await this.world.git("commit-tree", "-F", file, "-p", parent, tree);
  }

  /** The codes or the changed paths that a read of the commit against the base gives. */
  async changed(base: string, head: string): Promise<readonly string[] | string> {
    try {
      const { changes } = await readCompileInput(await this.world.open(), {
        base,
        head,
        wanted: () => false,
      });
      return (
        changes.changed?.map(({ status, path }) => `${status} ${path}`) ??
        changes.uncertain.map(({ code }) => code)
      );
    } catch (error) {
      if (error instanceof GitError) return error.code;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
    await this.world[Symbol.asyncDispose]();
  }
}

function rawEntry({ mode, name, id }: Entry): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
}

describe("a forged tree", () => {
  it("that holds itself many times over is refused before it fills the memory", async () => {
    await using forge = await Forge.create();
    let tree = await forge.tree([{ mode: "100644", name: "f", id: await forge.blob("x") }]);
    for (let level = 0; level < 30; level += 1) {
      const twice = ["a", "b", "c", "d"].map((name) => ({ mode: "40000", name, id: tree }));
      tree = await forge.tree(twice);
    }
    const head = await forge.commit(tree);
    expect(await forge.changed(head, head)).toBe("too_large");
  });

  it("whose one level has more files than memory holds is refused before they are listed", async () => {
    await using forge = await Forge.create();
    const id = await forge.blob("x");
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 10_000}`);
    const files = await forge.tree(names(20_000).map((name) => ({ mode: "100644", name, id })));
    const folders = names(10_000).map((name) => ({ mode: "40000", name, id: files }));
    const head = await forge.commit(await forge.tree(folders));
    expect(await forge.changed(head, head)).toBe("too_large");
  });

  it("whose long names are held many times is refused before they fill the memory", async () => {
    await using forge = await Forge.create();
    const id = await forge.blob("x");
    const long = await forge.tree([{ mode: "100644", name: "x".repeat(1_000_000), id }]);
    const folders = Array.from({ length: 50_000 }, (_, index) => `n${index + 10_000}`);
    const top = await forge.tree(folders.map((name) => ({ mode: "40000", name, id: long })));
    const head = await forge.commit(top);
    expect(await forge.changed(head, head)).toBe("too_large");
  });

  it("that holds one manifest in a hundred thousand folders has it read once", async () => {
    await using forge = await Forge.create();
    const id = await forge.blob(`{ "name": "${"x".repeat(1024 * 1024)}" }`);
    let tree = await forge.tree([{ mode: "100644", name: "package.json", id }]);
    for (let level = 0; level < 5; level += 1) {
      const tenTimes = Array.from("abcdefghij", (name) => ({ mode: "40000", name, id: tree }));
      tree = await forge.tree(tenTimes);
    }
    const head = await forge.commit(tree);
    const { contents } = (await readCompileInput(await forge.world.open(), { base: head, head })).head;
    expect([contents.size, new Set(contents.values()).size]).toEqual([100_000, 1]);
  });

  it("under a commit whose message has megabytes is not gone back from", async () => {
    await using forge = await Forge.create();
    const tree = await forge.tree([{ mode: "100644", name: "f", id: await forge.blob("x") }]);
    const base = await forge.commit(tree);
    const head = await forge.commit(tree, await forge.large(tree, base));
    expect(await forge.changed(base, head)).toBe("too_large");
  });

  it("that ends in the middle of an entry is called corrupt", async () => {
    await using forge = await Forge.create();
    const id = await forge.blob("x");
    const sound = await forge.tree([{ mode: "100644", name: "f", id }]);
    const broken = await forge.tree(rawEntry({ mode: "100644", name: "f", id }).subarray(0, -3));
    const head = await forge.commit(sound);
    const after = await forge.commit(broken, head);
    expect(await forge.changed(head, after)).toBe("corrupt");
  });

  it("whose folder is missing is called corrupt, by the folder's id", async () => {
    await using forge = await Forge.create();
    const id = "d".repeat(40);
    const head = await forge.commit(await forge.tree([{ mode: "40000", name: "lost", id }]));
    const read = readCompileInput(await forge.world.open(), { head, base: head });
    await expect(read).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining(id) as string,
    });
  });

  it("with a file named like a path, or of two kinds at once, loses neither", async () => {
    await using forge = await Forge.create();
    const [one, two] = [await forge.blob("1"), await forge.blob("2")];
    const folder = await forge.tree([{ mode: "100644", name: "f", id: one }]);
    const base = await forge.commit(await forge.tree([{ mode: "40000", name: "a", id: folder }]));
    const head = await forge.commit(
      await forge.tree([
        { mode: "100644", name: "a/", id: two },
        { mode: "40000", name: "a", id: folder },
        { mode: "100664", name: "b", id: one },
      ]),
      base,
    );
    expect(await forge.changed(base, head)).toEqual(["A a/", "A b"]);
  });
});
