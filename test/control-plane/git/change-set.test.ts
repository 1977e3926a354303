import { describe, expect, it } from "vitest";
import { decodePath } from "../../../compiler/paths.ts";
import { readAffectedInput } from "../../../control-plane/git/index.ts";
import type { ChangedPath } from "../../../schemas/changes.ts";
import { type CommitSpec, GitWorld } from "../../support/git/git-world.ts";

const LINES = Array.from({ length: 40 }, (_, line) => `line ${line} of a file that is long enough\n`).join(
  "",
);

/** What a commit changes against its parent. */
async function changesOf(
  base: CommitSpec["files"],
  change: Omit<CommitSpec, "ref">,
): Promise<readonly ChangedPath[]> {
  await using world = await GitWorld.create({ bare: true });
  const [first = "", second = ""] = await world.commits([
    { ref: "refs/heads/main", files: base },
    { ref: "refs/heads/main", ...change },
  ]);
  const { changes } = await readAffectedInput(await world.open(), { base: first, head: second });
  return changes.changed ?? [];
}

describe("a change set", () => {
  it("tells added, modified, deleted and moved files apart, in path order", async () => {
    const changed = await changesOf(
      { "z.txt": "1", "m.txt": "1", "gone.txt": "1", "old/name.txt": LINES },
      {
        files: { "a.txt": "new", "m.txt": "2", "gone.txt": null },
        moves: { "old/name.txt": "new/name.txt" },
      },
    );
    expect(changed).toEqual([
      { status: "A", path: "a.txt" },
      { status: "D", path: "gone.txt" },
      { status: "M", path: "m.txt" },
      { status: "R", path: "new/name.txt", old_path: "old/name.txt" },
    ]);
  });

  it("sees a rename whose content changed a little", async () => {
    const changed = await changesOf(
      { "old.txt": LINES },
      { files: { "old.txt": null, "new.txt": `${LINES}one more line\n` } },
    );
    expect(changed).toEqual([{ status: "R", path: "new.txt", old_path: "old.txt" }]);
  });

  it("counts a changed mode and a file that became a link", async () => {
    const changed = await changesOf(
      { "run.sh": "true\n", "plain.txt": "target" },
      { files: { "run.sh": { executable: "true\n" }, "plain.txt": { link: "target" } } },
    );
    expect(changed).toEqual([
      { status: "T", path: "plain.txt" },
      { status: "M", path: "run.sh" },
    ]);
  });

  it("sees a rename that changes nothing but the case", async () => {
    const changed = await changesOf(
      { "Readme.md": LINES },
      { files: {}, moves: { "Readme.md": "README.md" } },
    );
    expect(changed).toEqual([{ status: "R", path: "README.md", old_path: "Readme.md" }]);
  });

  it("keeps paths that look like options, pathspecs, shell or nothing known, byte by byte", async () => {
    const bad = decodePath(Uint8Array.from([...Buffer.from("bad"), 0xff, ...Buffer.from(".txt")]));
    const paths = [
      "--output=x",
      "$(id)",
      ":(glob)",
      ":!x",
      'q"uote\\',
      "a\nb.txt",
      "a\tb",
      " lead",
      bad,
      "é/ü 😀",
    ];
    const files = Object.fromEntries(paths.map((path) => [path, "1"]));
    const changed = await changesOf({ keep: "1" }, { files });
    expect(changed.map(({ path }) => path).sort()).toEqual([...paths].sort());
    expect(changed.every(({ status }) => status === "A")).toBe(true);
  });

  it("gives the base tree from the same diff: contents are those of the base", async () => {
    await using world = await GitWorld.create();
    const [base = "", head = ""] = await world.commits([
      {
        ref: "refs/heads/main",
        files: {
          "a/package.json": '{"name":"old"}',
          "b/package.json": "{}",
          "c/package.json": LINES,
          d: "x",
        },
      },
      {
        ref: "refs/heads/main",
        files: { "a/package.json": '{"name":"new"}', "b/package.json": null, "e/package.json": "{}" },
        moves: { "c/package.json": "f/package.json" },
      },
    ]);
    const input = await readAffectedInput(await world.open(), { base, head });
    const direct = await readAffectedInput(await world.open(), { base, head: base });
    expect(input.base?.entries).toEqual(direct.head.entries);
    expect(input.base?.contents).toEqual(direct.head.contents);
    expect(Buffer.from(input.head.contents.get("a/package.json") ?? []).toString()).toBe('{"name":"new"}');
    expect(Buffer.from(input.base?.contents.get("a/package.json") ?? []).toString()).toBe('{"name":"old"}');
  });

  it("names a submodule whose commit moved as a doubt, for its files cannot be seen", async () => {
    await using world = await GitWorld.create();
    const [base = "", head = ""] = await world.commits([
      { ref: "refs/heads/main", files: { "libs/sub": { submodule: "1".repeat(40) }, f: "1" } },
      { ref: "refs/heads/main", files: { "libs/sub": { submodule: "2".repeat(40) } } },
    ]);
    const { changes } = await readAffectedInput(await world.open(), { base, head });
    expect(changes.changed).toEqual([{ status: "M", path: "libs/sub" }]);
    expect(changes.uncertain).toMatchObject([{ code: "submodule_changed", paths: ["libs/sub"] }]);
  });

  it("holds 200,000 changed files", async () => {
    const content = "the same in every file\n";
    const names = Array.from({ length: 200_000 }, (_, index) => `d${index % 500}/f${index}.txt`);
    const changed = await changesOf(
      { keep: "1" },
      { files: Object.fromEntries(names.map((name) => [name, content])) },
    );
    expect(changed.length).toBe(200_000);
  }, 60_000);
});
