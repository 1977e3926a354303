import { GitWorld } from "../test/support/git/git-world.ts";

/** Where a bench's repository is said to come from. Nothing ever asks there. */
const REMOTE = "https://forge.invalid/bench/bench.git";

/**
 * A checked out repository of two commits, the files and a change to some of them. `origin/main` is the
 * first commit, so that every tool can tell what changed.
 */
export async function benchRepository(
  files: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>>,
): Promise<GitWorld> {
  const world = await GitWorld.create();
  const [base = ""] = await world.commits([
    { ref: "refs/heads/main", files },
    { ref: "refs/heads/main", files: change },
  ]);
  await world.git("reset", "--quiet", "--hard", "main");
  await world.git("remote", "add", "origin", REMOTE);
  await world.git("update-ref", "refs/remotes/origin/main", base);
  await world.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
  return world;
}
