import { describe, expect, it } from "vitest";
import { readCompileInput } from "../../../control-plane/git/index.ts";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { type PipelineEvent, pushEvent } from "../../../schemas/event.ts";
import { COUNTED_PIPELINE, CountedGit } from "../../support/git/counted-git.ts";
import { type CommitSpec, GitWorld } from "../../support/git/git-world.ts";

const MAIN = "refs/heads/main";
const LINES = Array.from({ length: 40 }, (_, line) => `line ${line} of a file that is long enough\n`).join(
  "",
);

/** A mirror whose main has a pipeline and then these commits; names are those of the commits, first to last. */
async function mirror(
  ...later: readonly Omit<CommitSpec, "ref">[]
): Promise<{ world: GitWorld; ids: string[] }> {
  const world = await GitWorld.create({ bare: true });
  const files = { ".delta/pipeline.yaml": COUNTED_PIPELINE, "src/a.ts": "1", "docs/long.md": LINES };
  const ids = await world.commits([{ ref: MAIN, files }, ...later.map((spec) => ({ ref: MAIN, ...spec }))]);
  return { world, ids };
}

async function commandsOf(world: GitWorld, event: PipelineEvent): Promise<readonly string[]> {
  await using git = await CountedGit.start();
  const { digest, diagnostics } = await planCommit({
    repositoryPath: world.path,
    event,
    head: event.head,
    base: null,
    lastGreen: null,
    jobs: [],
    all: false,
    compilerVersion: "0",
  });
  expect(diagnostics).toEqual([]);
  expect(digest).not.toBeNull();
  return await git.commands();
}

function push(head = "", facts: Partial<PipelineEvent> = {}): PipelineEvent {
  return pushEvent({ ref: MAIN, head, default_branch: "main", ...facts });
}

describe("a push is planned with one git process", () => {
  it("when it goes on from the commit before it", async () => {
    const { world, ids } = await mirror({ files: { "src/a.ts": "2" } }, { files: { "src/b/c.ts": "1" } });
    await using _ = world;
    expect(await commandsOf(world, push(ids[2], { before: ids[0] ?? "" }))).toEqual(["cat-file"]);
  });

  it("when it goes on by hundreds of commits", async () => {
    const many = Array.from({ length: 300 }, (_, count) => ({ files: { "src/a.ts": `count ${count}` } }));
    const { world, ids } = await mirror(...many);
    await using _ = world;
    expect(await commandsOf(world, push(ids.at(-1), { before: ids[0] ?? "" }))).toEqual(["cat-file"]);
  });

  it("when nothing is known of what was there before", async () => {
    const { world, ids } = await mirror({ files: { "src/a.ts": "2" } });
    await using _ = world;
    expect(await commandsOf(world, push(ids[1]))).toEqual(["cat-file"]);
  });

  it("when a file only moved", async () => {
    const { world, ids } = await mirror({ files: {}, moves: { "docs/long.md": "docs/other.md" } });
    await using _ = world;
    expect(await commandsOf(world, push(ids[1]))).toEqual(["cat-file"]);
  });

  it("when it is to a branch that left the default branch, or was rewritten, or is a pull request", async () => {
    const { world, ids } = await mirror({ files: { "src/a.ts": "2" } }, { files: { "src/a.ts": "3" } });
    await using _ = world;
    const parents = [ids[0] ?? ""];
    const head = await world.commit({ ref: "refs/heads/feature", parents, files: { "docs/x.md": "1" } });
    expect(await commandsOf(world, push(head, { ref: "refs/heads/feature" }))).toEqual(["cat-file"]);
    expect(await commandsOf(world, push(head, { before: ids[2] ?? "", forced: true }))).toEqual(["cat-file"]);
    const facts = { number: 1, action: "opened", from_fork: false, draft: false };
    const refs = { target_ref: MAIN, target_sha: ids[1] ?? "", source_ref: "refs/heads/feature" };
    const request = push(head, {
      ref: "refs/pull/1/head",
      kind: "pull_request",
      pull_request: { ...facts, ...refs },
    });
    expect(await commandsOf(world, request)).toEqual(["cat-file"]);
  });
});

describe("a second git process", () => {
  it("compares contents where one file went and another came", async () => {
    const { world, ids } = await mirror({ files: { "docs/long.md": null, "docs/new.md": `${LINES}more\n` } });
    await using _ = world;
    expect(await commandsOf(world, push(ids[1]))).toEqual(["cat-file", "diff-tree"]);
  });

  it("chooses among several commits where two histories meet", async () => {
    const { world, ids } = await mirror({ files: { "src/a.ts": "2" } });
    await using _ = world;
    const side = await world.commit({ parents: [ids[0] ?? ""], files: { "docs/x.md": "1" } });
    const both = [ids[1] ?? "", side];
    const [ours = "", theirs = ""] = await world.commits([
      { ref: MAIN, parents: both, files: {} },
      { ref: "refs/heads/feature", parents: both.toReversed(), files: { "src/b.ts": "1" } },
    ]);
    expect(ours).not.toBe(theirs);
    const commands = await commandsOf(world, push(theirs, { ref: "refs/heads/feature" }));
    expect(commands).toEqual(["cat-file", "merge-base"]);
  });

  it("reads for a git that is too old to answer in groups, and the answers are the same", async () => {
    const { world, ids } = await mirror({ files: { "src/a.ts": "2", "src/b/c.ts": "1" } });
    await using _ = world;
    const request = { event: push(ids[1]) };
    const repository = await world.open();
    const usual = await readCompileInput(repository, request);
    await using git = await CountedGit.start({ lacks: "--batch-command" });
    expect(await readCompileInput(repository, request)).toEqual(usual);
    expect(await git.commands()).toEqual(["cat-file", "cat-file"]);
  });
});
