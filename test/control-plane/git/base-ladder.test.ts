import { describe, expect, it } from "vitest";
import { type BaseRequest, readCompileInput } from "../../../control-plane/git/index.ts";
import type { ChangeSet } from "../../../schemas/changes.ts";
import { pushEvent, type PipelineEvent } from "../../../schemas/event.ts";
import { GitWorld } from "../../support/git/git-world.ts";

/**
 * main: root - one - two - three; feature leaves main at one: left - right;
 * other: a history of its own. Names are commit ids.
 */
interface Line {
  readonly world: GitWorld;
  readonly root: string;
  readonly one: string;
  readonly two: string;
  readonly three: string;
  readonly left: string;
  readonly right: string;
  readonly other: string;
}

async function line(): Promise<Line & AsyncDisposable> {
  const world = await GitWorld.create({ bare: true });
  const main = "refs/heads/main";
  const [root = "", one = "", two = "", three = "", other = ""] = await world.commits([
    { ref: main, files: { a: "0" } },
    { ref: main, files: { a: "1" } },
    { ref: main, files: { a: "2" } },
    { ref: main, files: { a: "3" } },
    { ref: "refs/heads/other", parents: [], files: { z: "0" } },
  ]);
  const feature = "refs/heads/feature";
  const [left = "", right = ""] = await world.commits([
    { ref: feature, parents: [one], files: { b: "1" } },
    { ref: feature, files: { b: "2" } },
  ]);
  return {
    world,
    root,
    one,
    two,
    three,
    left,
    right,
    other,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

function push(ref: string, head: string, change: Partial<PipelineEvent> = {}): PipelineEvent {
  return pushEvent({ ref, head, default_branch: "main", ...change });
}

function pull(head: string, targetSha: string, targetRef = "refs/heads/main"): PipelineEvent {
  const pullRequest = {
    number: 1,
    action: "opened",
    target_ref: targetRef,
    target_sha: targetSha,
    source_ref: "refs/heads/feature",
    from_fork: false,
    draft: false,
  };
  return push("refs/pull/1/head", head, { kind: "pull_request", pull_request: pullRequest });
}

async function changesOf(
  world: GitWorld,
  event: PipelineEvent,
  { base, baseRequest }: { readonly base?: string; readonly baseRequest?: BaseRequest } = {},
): Promise<ChangeSet> {
  const named = base === undefined ? {} : { base };
  const asked = baseRequest === undefined ? {} : { baseRequest: () => baseRequest };
  return (await readCompileInput(await world.open(), { event, ...named, ...asked })).changes;
}

const taken = ({ ladder, rule }: ChangeSet): (string | undefined)[] => [
  rule,
  ladder.filter((rung) => rung.taken).map((rung) => rung.why)[0],
];

describe("the base ladder", () => {
  it("takes the base that was given before all else, and counts from where it meets the head", async () => {
    await using at = await line();
    const ancestor = await changesOf(at.world, push("refs/heads/main", at.three), { base: at.root });
    expect(ancestor).toMatchObject({ rule: "explicit", base: at.root, merge_base: at.root });
    const diverged = await changesOf(at.world, push("refs/heads/feature", at.right), { base: "main" });
    expect(diverged).toMatchObject({ rule: "explicit", base: at.three, merge_base: at.one });
    expect(diverged.changed).toEqual([{ status: "A", path: "b" }]);
  });

  it("compares two unrelated commits as they are when that is what was asked", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/main", at.one), { base: at.other });
    expect(changes).toMatchObject({ rule: "explicit", base: at.other, merge_base: null });
    expect(changes.changed).toEqual([
      { status: "A", path: "a" },
      { status: "D", path: "z" },
    ]);
  });

  it("meets the target of a pull request at the commit the event names", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, pull(at.right, at.two));
    expect(changes).toMatchObject({ rule: "merge_base", base: at.one, merge_base: at.one });
    expect(changes.ladder.map(({ rule, taken }) => [rule, taken])).toEqual([
      ["explicit", false],
      ["last_green", false],
      ["merge_base", true],
    ]);
  });

  it("falls back to the target's branch when the commit of the event is not here", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, pull(at.right, "d".repeat(40)));
    expect(changes).toMatchObject({ rule: "merge_base", base: at.one });
  });

  it("counts everything when the target of a pull request is not here", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, pull(at.right, "d".repeat(40), "refs/heads/gone"));
    expect(changes).toMatchObject({ rule: "everything", base: null, changed: null });
    expect(changes.uncertain).toMatchObject([{ code: "base_missing", added: ["*"] }]);
  });

  it("meets the default branch for a push to another branch, whatever was there before", async () => {
    await using at = await line();
    const first = await changesOf(at.world, push("refs/heads/feature", at.right));
    const later = await changesOf(at.world, push("refs/heads/feature", at.right, { before: at.left }));
    for (const changes of [first, later]) expect(changes).toMatchObject({ rule: "merge_base", base: at.one });
  });

  it("takes the commit before a push to the default branch, over more than one commit", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/main", at.three, { before: at.root }));
    expect(taken(changes)).toEqual(["before", "the commit before the push"]);
    expect(changes.base).toBe(at.root);
  });

  it("counts a rewritten default branch from where it meets what was there before", async () => {
    await using at = await line();
    const event = push("refs/heads/main", at.right, { before: at.three, forced: true });
    const changes = await changesOf(at.world, event);
    expect(changes).toMatchObject({ rule: "before", base: at.three, merge_base: at.one });
  });

  it("counts everything when the commit before the push is not here: the first parent would be too little", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/main", at.three, { before: "d".repeat(40) }));
    expect(changes).toMatchObject({ rule: "everything", changed: null });
    expect(changes.uncertain[0]?.code).toBe("base_missing");
    expect(changes.ladder.at(-2)).toMatchObject({ rule: "before", taken: false });
  });

  it("takes the first parent on the default branch when nothing was before, also for an all-zero before", async () => {
    await using at = await line();
    for (const before of [null, "0".repeat(40)]) {
      const changes = await changesOf(at.world, push("refs/heads/main", at.three, { before }));
      expect(changes).toMatchObject({ rule: "first_parent", base: at.two });
    }
  });

  it("takes the first parent of a merge commit, so that all it brings in counts", async () => {
    await using at = await line();
    const merge = await at.world.commit({ parents: [at.three, at.right], files: { b: "2" } });
    const changes = await changesOf(at.world, push("refs/heads/main", merge));
    expect(changes).toMatchObject({ rule: "first_parent", base: at.three });
    expect(changes.changed).toEqual([{ status: "A", path: "b" }]);
  });

  it("counts everything for a commit without a parent", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/main", at.root));
    expect(changes).toMatchObject({ rule: "everything", changed: null });
    expect(changes.ladder.at(-2)?.why).toBe("the commit has no parent");
  });

  it("counts everything for a tag: no branch tells what is new about it", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/tags/v1", at.three));
    expect(changes).toMatchObject({ rule: "everything", changed: null });
  });

  it("counts everything when histories share nothing", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/other", at.other));
    expect(changes.uncertain).toMatchObject([{ code: "base_missing" }]);
    expect(changes.uncertain[0]?.detail).toContain("shares no history with main");
  });

  it("uses the last green run only when it is asked for", async () => {
    await using at = await line();
    const baseRequest: BaseRequest = { prefer: "last_green", lastGreen: at.root };
    const asked = await changesOf(at.world, push("refs/heads/main", at.three, { before: at.two }), {
      baseRequest,
    });
    expect(asked).toMatchObject({ rule: "last_green", base: at.root });
    const auto: BaseRequest = { prefer: "auto", lastGreen: at.root };
    const plain = await changesOf(at.world, push("refs/heads/main", at.three, { before: at.two }), {
      baseRequest: auto,
    });
    expect(plain).toMatchObject({ rule: "before", base: at.two });
  });

  it("counts everything when the last green run is asked for and there is none", async () => {
    await using at = await line();
    const baseRequest: BaseRequest = { prefer: "last_green", lastGreen: null };
    const changes = await changesOf(at.world, push("refs/heads/main", at.three, { before: at.two }), {
      baseRequest,
    });
    expect(changes).toMatchObject({ rule: "everything", uncertain: [{ code: "base_missing" }] });
  });

  it("compares with a green run that came after the head directly, for nothing may be hidden", async () => {
    await using at = await line();
    const changes = await changesOf(at.world, push("refs/heads/main", at.two), {
      baseRequest: { prefer: "last_green", lastGreen: at.three },
    });
    expect(changes).toMatchObject({ rule: "last_green", base: at.three, merge_base: null });
    expect(changes.changed).not.toEqual([]);
  });

  it("meets the ref that the pipeline names, but not for the ref's own commits", async () => {
    await using at = await line();
    const baseRequest: BaseRequest = { prefer: "refs/heads/main" };
    const feature = await changesOf(at.world, push("refs/heads/feature", at.right), { baseRequest });
    expect(feature).toMatchObject({ rule: "explicit", base: at.one });
    const own = await changesOf(at.world, push("refs/heads/main", at.three, { before: at.two }), {
      baseRequest,
    });
    expect(own).toMatchObject({ rule: "before", base: at.two });
    expect(own.ladder[0]?.why).toBe("the commit is on refs/heads/main already");
    const nowhere: BaseRequest = { prefer: "refs/heads/nowhere" };
    const lost = await changesOf(at.world, push("refs/heads/feature", at.right), { baseRequest: nowhere });
    expect(lost).toMatchObject({ rule: "everything", uncertain: [{ code: "base_missing" }] });
  });

  it("says how many meeting points there are when histories crossed", async () => {
    await using at = await line();
    const [ours = "", theirs = ""] = await at.world.commits([
      { parents: [at.three, at.right], files: {} },
      { parents: [at.right, at.three], files: { c: "1" } },
    ]);
    const changes = await changesOf(at.world, push("refs/heads/x", theirs), { base: ours });
    expect(changes.merge_base).toMatch(new RegExp(`^(${at.three}|${at.right})$`));
    expect(taken(changes)[1]).toContain("the first of 2");
  });

  it("gives the same base for the same commit in a clone, where the default branch is the remote's", async () => {
    await using at = await line();
    await using clone = await GitWorld.create();
    await clone.git("fetch", "--quiet", at.world.path, "+refs/heads/*:refs/remotes/origin/*");
    await clone.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
    const { changes, event } = await readCompileInput(await clone.open(), { head: at.right });
    expect(event).toMatchObject({ kind: "push", ref: at.right, default_branch: "main", before: null });
    expect(changes).toMatchObject({ rule: "merge_base", base: at.one });
  });

  it("takes the first parent for a bare commit that the default branch has already", async () => {
    await using at = await line();
    const { changes } = await readCompileInput(await at.world.open(), { head: at.two });
    expect(changes).toMatchObject({ rule: "first_parent", base: at.one });
  });
});

describe("a shallow history", () => {
  async function shallowClone(at: Line, depth: number): Promise<GitWorld> {
    const clone = await GitWorld.create({ bare: true });
    const refs = ["+refs/heads/main:refs/heads/main", "+refs/heads/feature:refs/heads/feature"];
    await clone.git("fetch", "--quiet", `--depth=${depth}`, `file://${at.world.path}`, ...refs);
    return clone;
  }

  it("is no reason for doubt while the meeting point and all before it are here", async () => {
    await using at = await line();
    await using clone = await shallowClone(at, 4);
    const changes = await changesOf(clone, push("refs/heads/feature", at.right));
    expect(changes).toMatchObject({ rule: "merge_base", base: at.one, uncertain: [] });
  });

  it("widens to everything, by name, when it ends before the meeting point", async () => {
    await using at = await line();
    await using clone = await shallowClone(at, 2);
    const changes = await changesOf(clone, push("refs/heads/feature", at.right));
    expect(changes).toMatchObject({ rule: "everything", changed: null });
    expect(changes.uncertain).toMatchObject([{ code: "history_shallow" }]);
  });

  it("widens to everything when even the first parent is cut off", async () => {
    await using at = await line();
    await using clone = await shallowClone(at, 1);
    const changes = await changesOf(clone, push("refs/heads/main", at.three));
    expect(changes.uncertain).toMatchObject([{ code: "history_shallow" }]);
    const before = await changesOf(clone, push("refs/heads/main", at.three, { before: at.two }));
    expect(before.uncertain).toMatchObject([{ code: "history_shallow" }]);
  });
});
