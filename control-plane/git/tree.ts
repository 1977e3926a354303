import type { TreeEntry } from "../../compiler/input.ts";
import { askGit } from "./git-process.ts";
import type { GitRepository } from "./model.ts";
import type { RawChange } from "./diff.ts";
import { splitRecords } from "./records.ts";

/** Where the id begins and ends for the types that -r lists. */
const ENTRY = /^(\d{6}) (?:blob|commit) ([0-9a-f]{40,64})\t/;

/** Every file of a commit, by path. */
export async function readTree(
  repository: GitRepository,
  commit: string,
  signal?: AbortSignal,
): Promise<Map<string, TreeEntry>> {
  const { stdout } = await askGit(repository, {
    arguments: ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit],
    signal,
  });
  return parseTree(splitRecords(stdout));
}

/** `<mode> <type> <id>\t<path>`, one record for each file; what is no file is passed over. */
export function parseTree(records: readonly string[]): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (const record of records) {
    const [head, mode, blob] = ENTRY.exec(record) ?? [];
    if (head === undefined || mode === undefined || blob === undefined) continue;
    const path = record.slice(head.length);
    entries.set(path, { path, blob, mode: normalMode(mode) });
  }
  return entries;
}

/** Git once wrote group-writable files; it reads their mode as 100644 ever since. */
function normalMode(mode: string): TreeEntry["mode"] {
  return mode === "100755" || mode === "120000" || mode === "160000" ? mode : "100644";
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
    base.set(path, { path, blob: change.oldBlob, mode: normalMode(change.oldMode) });
  }
  return base;
}
