import type { RawChange } from "./raw-change.ts";
import type { EntryMode, TreeCursor } from "./raw-tree.ts";
import type { Folder, Part, TreeReader } from "./tree-reader.ts";

/** A changed file as the two trees have it, before any two are found to be one that moved. */
export interface FileChange extends RawChange {
  readonly status: "A" | "M" | "D" | "T";
  readonly oldPath: null;
  readonly newBlob: string;
}

/** What differs between the trees of two commits, in the order of paths; null when it is more than `most`. */
export async function compareTrees(
  trees: TreeReader,
  base: string,
  head: string,
  most: number,
): Promise<FileChange[] | null> {
  const [old, now] = await Promise.all([trees.top(base), trees.top(head)]);
  return old === now ? [] : await trees.walk<FileChange>({ old, new: now }, most, changesOf);
}

function changesOf(folder: Folder<FileChange>, old: TreeCursor, now: TreeCursor): Part<FileChange>[] {
  const parts: Part<FileChange>[] = [];
  while (old.mode !== null || now.mode !== null) {
    const order = now.mode === null ? -1 : old.mode === null ? 1 : old.compare(now);
    // A name with a slash in it, which only a forged tree has, can stand where a folder does.
    const isPair = order === 0 && old.isFolder === now.isFolder;
    if (isPair && old.mode === now.mode && old.hasIdOf(now)) {
      old.next();
      now.next();
      continue;
    }
    const before = order < 0 || isPair ? old : null;
    const after = order >= 0 ? now : null;
    parts.push(partOf(folder.prefix + (before ?? after ?? now).name, before, after));
    before?.next();
    after?.next();
  }
  return parts;
}

function partOf(path: string, before: TreeCursor | null, after: TreeCursor | null): Part<FileChange> {
  const [oldMode, newMode] = [before?.mode ?? null, after?.mode ?? null];
  const [oldBlob, newBlob] = [before?.id ?? "", after?.id ?? ""];
  if (oldMode === "040000" || newMode === "040000") {
    return { prefix: `${path}/`, old: before && oldBlob, new: after && newBlob, parts: [] };
  }
  const status = statusOf(oldMode, newMode);
  return {
    status,
    path,
    oldPath: null,
    oldMode: oldMode ?? NO_MODE,
    oldBlob,
    newMode: newMode ?? NO_MODE,
    newBlob,
  };
}

const NO_MODE = "000000";

function statusOf(old: EntryMode | null, now: EntryMode | null): FileChange["status"] {
  if (old === null) return "A";
  if (now === null) return "D";
  return old.slice(0, 3) === now.slice(0, 3) ? "M" : "T";
}
