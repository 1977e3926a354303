import type { CommitFacts, CommitReader } from "./commit-reader.ts";

/** Commits looked at before git is asked, which has an index of long histories. */
const COMMITS_MAX = 512;

const [ONE, OTHER, BEHIND] = [1, 2, 4];
const BOTH = ONE | OTHER;

/**
 * Where two lines of history meet, told from the commits themselves; `commit` is null when they never do.
 * null when git must be asked: the way is long, a commit is not here, or they meet in more than one place.
 */
export async function findMeeting(
  commits: CommitReader,
  one: string,
  other: string,
  shallow: boolean,
): Promise<{ readonly commit: string | null } | null> {
  if (one === other) return { commit: one };
  const sides = new Map<string, number>();
  /** Latest first, so that hardly any is looked at before all of its descendants. */
  const open: CommitFacts[] = [];
  const add = async (id: string, side: number): Promise<boolean> => {
    const known = sides.get(id) ?? 0;
    if ((known & side) === side) return true;
    const commit = await commits.readBack(id);
    if (commit === null) return false;
    sides.set(id, known | side);
    if (!open.includes(commit)) insert(open, commit);
    return true;
  };
  if (!(await add(one, ONE)) || !(await add(other, OTHER))) return null;
  const met: string[] = [];
  for (let looked = 0; open.some(({ id }) => !isBehind(sides, id)); looked += 1) {
    const commit = open.shift();
    if (commit === undefined || looked === COMMITS_MAX) return null;
    let side = sides.get(commit.id) ?? 0;
    if ((side & (BOTH | BEHIND)) === BOTH) {
      // Where history is cut off, only a line that leads straight to the other tip is certain.
      if (shallow && commit.id !== one && commit.id !== other) return null;
      if (!met.includes(commit.id)) met.push(commit.id);
      side |= BEHIND;
    }
    for (const parent of commit.parents) if (!(await add(parent, side))) return null;
  }
  const best = met.filter((id) => !isBehind(sides, id));
  return best.length > 1 ? null : { commit: best[0] ?? null };
}

function isBehind(sides: ReadonlyMap<string, number>, id: string): boolean {
  return ((sides.get(id) ?? 0) & BEHIND) !== 0;
}

function insert(open: CommitFacts[], commit: CommitFacts): void {
  const at = open.findIndex(({ seconds }) => seconds < commit.seconds);
  if (at < 0) open.push(commit);
  else open.splice(at, 0, commit);
}
