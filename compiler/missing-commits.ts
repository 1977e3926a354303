import type { BaseRung } from "../schemas/changes.ts";

/** How a rung of the base ladder ends that would have compared with a commit the repository does not have. */
export const NOT_HERE = "is not in this repository";

const MISSING = new RegExp(`\\b([0-9a-f]{40}|[0-9a-f]{64}),? ${NOT_HERE}$`);

/** Full ids of the commits that a plan was made without. Another repository may have them, and plan otherwise. */
export function missingCommits(ladder: readonly BaseRung[]): readonly string[] {
  return [...new Set(ladder.flatMap(({ why }) => MISSING.exec(why)?.[1] ?? []))];
}
