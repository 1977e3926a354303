import type { TreeEntry } from "../../compiler/input.ts";
import { GitError } from "./git-error.ts";
import type { RawChange } from "./raw-change.ts";
import type { TreeCursor } from "./raw-tree.ts";
import type { Folder, Part, TreeReader } from "./tree-reader.ts";

/** A commit with more files is not read: so many are what the memory of a planning process holds. */
const FILES_MAX = 2_000_000;

/** Every file of a commit, by path, in the order of paths. `meet` is given each as soon as its folder is read. */
export async function readTree(
  trees: TreeReader,
  commit: string,
  meet: (file: TreeEntry) => void,
): Promise<Map<string, TreeEntry>> {
  const top = { old: null, new: await trees.top(commit) };
  const files = await trees.walk<TreeEntry>(top, FILES_MAX, (folder, _old, now) =>
    filesOf(folder, now, meet),
  );
  if (files === null) {
    throw new GitError("too_large", `the commit ${commit} has more than ${FILES_MAX} files`);
  }
  const byPath = new Map<string, TreeEntry>();
  for (const file of files) byPath.set(file.path, file);
  return byPath;
}

function filesOf(
  folder: Folder<TreeEntry>,
  now: TreeCursor,
  meet: (file: TreeEntry) => void,
): Part<TreeEntry>[] {
  const parts: Part<TreeEntry>[] = [];
  for (; now.mode !== null; now.next()) {
    const path = folder.prefix + now.name;
    if (now.mode === "040000") {
      parts.push({ prefix: `${path}/`, old: null, new: now.id, parts: [] });
    } else {
      const file = { path, blob: now.id, mode: now.mode };
      parts.push(file);
      meet(file);
    }
  }
  return parts;
}

/** The tree on the other side of a change set: no second listing is needed. */
export function undoChanges(
  head: ReadonlyMap<string, TreeEntry>,
  changes: readonly RawChange[],
): Map<string, TreeEntry> {
  const base = new Map(head);
  for (const { status, path } of changes) {
    if (status === "A" || status === "R" || status === "C") base.delete(path);
  }
  for (const change of changes) {
    if (change.status === "A" || change.status === "C") continue;
    const path = change.oldPath ?? change.path;
    base.set(path, { path, blob: change.oldBlob, mode: fileMode(change.oldMode) });
  }
  return base;
}

function fileMode(mode: string): TreeEntry["mode"] {
  return mode === "100755" || mode === "120000" || mode === "160000" ? mode : "100644";
}
