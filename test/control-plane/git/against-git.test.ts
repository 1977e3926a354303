import { describe, expect, it } from "vitest";
import { compareTrees } from "../../../control-plane/git/tree-diff.ts";
import { CommitReader } from "../../../control-plane/git/commit-reader.ts";
import { readDiff } from "../../../control-plane/git/diff.ts";
import { findMeeting } from "../../../control-plane/git/find-meeting.ts";
import { ObjectReader } from "../../../control-plane/git/object-reader.ts";
import { readTree } from "../../../control-plane/git/tree.ts";
import { TreeReader } from "../../../control-plane/git/tree-reader.ts";
import { Random } from "../../fuzz/random.ts";
import { type CommitSpec, type FileChange, GitWorld } from "../../support/git/git-world.ts";

const HISTORIES = [1, 2, 3, 4, 5, 6];
const COMMITS = 12;
const NO_ID = "0".repeat(40);
/** Names that sort otherwise as a file than as a folder, that differ by case alone, and that are not ASCII. */
const NAMES = ["a", "a.b", "a-b", "a0", "A", "b", "B", "é", "ab", "z"];

function randomPath(random: Random): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(NAMES)).join("/");
}

function randomChange(random: Random): FileChange {
  const content = `content ${random.below(6)}\n`.repeat(1 + random.below(4));
  const kinds: readonly FileChange[] = [
    content,
    content,
    content,
    null,
    "",
    { executable: content },
    { link: content },
    { submodule: String(random.below(3)).repeat(40) },
  ];
  return random.pick(kinds);
}

function randomCommit(random: Random): CommitSpec {
  const changes = Array.from({ length: 1 + random.below(8) }, () => [
    randomPath(random),
    randomChange(random),
  ]);
  return { ref: "refs/heads/main", files: Object.fromEntries(changes) as CommitSpec["files"] };
}

const typeOf = (mode: string): string => (mode === "160000" ? "commit" : "blob");

async function fields(world: GitWorld, ...args: string[]): Promise<string[]> {
  return (await world.git(...args)).split("\0").filter((field) => field !== "");
}

describe.each(HISTORIES)("of random history %i", (seed) => {
  it("trees and differences are read exactly as git tells them", async () => {
    const random = new Random(seed);
    await using world = await GitWorld.create({ bare: true });
    const ids = await world.commits(Array.from({ length: COMMITS }, () => randomCommit(random)));
    const repository = await world.open();
    await using objects = new ObjectReader(repository);
    const trees = new TreeReader(repository, objects);
    for (const [index, head] of ids.entries()) {
      const listed = [...(await readTree(trees, head, () => undefined)).values()];
      const told = await fields(world, "ls-tree", "-r", "-z", head);
      expect(listed.map(({ mode, blob, path }) => `${mode} ${typeOf(mode)} ${blob}\t${path}`)).toEqual(told);
      for (const base of [ids[index - 1] ?? ids[COMMITS - 1] ?? "", ids[random.below(COMMITS)] ?? ""]) {
        const plain = await compareTrees(trees, base, head, 1_000);
        const raw = plain?.flatMap((file) => {
          const [oldBlob, newBlob] = [file.oldBlob || NO_ID, file.newBlob || NO_ID];
          return [`:${file.oldMode} ${file.newMode} ${oldBlob} ${newBlob} ${file.status}`, file.path];
        });
        const diff = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev"];
        expect(raw).toEqual(await fields(world, ...diff, "--no-renames", base, head));
        const moved = (await readDiff(repository, trees, base, head))?.flatMap(({ status, oldPath, path }) =>
          oldPath === null ? [status, path] : [status, oldPath, path],
        );
        const withMoves = await fields(
          world,
          "diff-tree",
          "-r",
          "-z",
          "--name-status",
          "-M",
          "-l400",
          base,
          head,
        );
        expect(moved).toEqual(withMoves.map((field) => field.replace(/^([RC])\d{3}$/, "$1")));
      }
    }
  });

  it("two lines meet where git says they do, whatever the dates of their commits", async () => {
    const random = new Random(seed);
    await using world = await GitWorld.create({ bare: true });
    const ids: string[] = [];
    for (let count = 0; count < 40; count += 1) {
      const near = ids.slice(-6);
      const parents = [
        ...new Set(Array.from({ length: random.below(3) }, () => random.pick(near.concat(NO_ID)))),
      ];
      const known = parents.filter((id) => id !== NO_ID);
      const seconds = 1_700_000_000 + (random.below(4) === 0 ? random.below(60) : count);
      ids.push(await world.commit({ parents: known, files: { a: String(count) }, seconds }));
    }
    await using objects = new ObjectReader(await world.open());
    let answered = 0;
    for (let pair = 0; pair < 60; pair += 1) {
      const [one, other] = [random.pick(ids), random.pick(ids)];
      const told = await world.git("merge-base", "--all", one, other).catch(() => "");
      const found = await findMeeting(new CommitReader(objects), one, other, false);
      const lines = told.split("\n").filter((line) => line !== "");
      // Where the dates mislead, one of several is left to git, which may find that it is behind another.
      if (found === null) expect(lines.length).toBeGreaterThan(0);
      else expect([found.commit].filter((id) => id !== null)).toEqual(lines);
      if (found !== null) answered += 1;
    }
    expect(answered).toBeGreaterThan(20);
  });
});
