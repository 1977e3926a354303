import type { ChangedPath, ChangeSet } from "../../../schemas/changes.ts";
import type { TreeSnapshot } from "../../../compiler/input.ts";
import { comparePaths } from "../../../compiler/paths.ts";

/** The change set of two snapshots, as git would tell it without renames. */
export function changesBetween(base: TreeSnapshot, head: TreeSnapshot): ChangeSet {
  const paths = new Set([...base.entries.keys(), ...head.entries.keys()]);
  const changed = [...paths].flatMap((path): ChangedPath[] => {
    const before = base.entries.get(path)?.blob;
    const now = head.entries.get(path)?.blob;
    if (before === now) return [];
    return [{ status: before === undefined ? "A" : now === undefined ? "D" : "M", path }];
  });
  return changeSet(changed.sort((a, b) => comparePaths(a.path, b.path)));
}

export function changeSet(changed: readonly ChangedPath[]): ChangeSet {
  const [base, head] = ["b".repeat(40), "a".repeat(40)];
  return { base, head, merge_base: base, rule: "explicit", ladder: [], changed, uncertain: [] };
}
