import type { ChangedPath, ChangeStatus } from "../../schemas/changes.ts";
import { comparePaths } from "../../compiler/paths.ts";
import { GitError } from "./git-error.ts";
import { askGit } from "./git-process.ts";
import type { GitRepository } from "./model.ts";
import { splitRecords } from "./records.ts";

/** Past this many changed paths the change set is not kept: everything counts as changed. */
export const CHANGED_PATHS_MAX = 1_000_000;
/** About the size of that many records. */
const DIFF_BYTES_MAX = 256 * 1024 * 1024;
/** Pairs of added and deleted files compared for similarity. Exact renames are found whatever their number. */
const RENAME_CANDIDATES_MAX = 400;

export interface RawChange {
  readonly status: ChangeStatus;
  readonly path: string;
  readonly oldPath: string | null;
  readonly oldMode: string;
  readonly oldBlob: string;
  readonly newMode: string;
}

/** What differs between two commits, in path order; null when it is too much to keep. */
export async function readDiff(
  repository: GitRepository,
  base: string,
  head: string,
  signal?: AbortSignal,
): Promise<RawChange[] | null> {
  const options = ["-r", "-z", "--raw", "--no-abbrev", "-M", `-l${RENAME_CANDIDATES_MAX}`];
  const fixed = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--no-relative"];
  try {
    const { stdout } = await askGit(repository, {
      arguments: ["diff-tree", ...options, ...fixed, "--end-of-options", base, head, "--"],
      outputBytesMax: DIFF_BYTES_MAX,
      signal,
    });
    return parseRawDiff(splitRecords(stdout));
  } catch (error) {
    if (error instanceof GitError && error.code === "too_large") return null;
    throw error;
  }
}

/** `:<old mode> <new mode> <old id> <new id> <status>` NUL path NUL [path NUL]. */
export function parseRawDiff(records: readonly string[]): RawChange[] | null {
  const changes: RawChange[] = [];
  for (let index = 0; index < records.length; ) {
    const header = records[index] ?? "";
    const first = records[index + 1];
    const status = STATUSES.get(header[header.lastIndexOf(" ") + 1] ?? "");
    if (!header.startsWith(":") || first === undefined || status === undefined) {
      throw new GitError(
        "corrupt",
        `git diff-tree gave a record that cannot be read: ${JSON.stringify(header)}`,
      );
    }
    const second = status === "R" || status === "C" ? records[index + 2] : undefined;
    index += second === undefined ? 2 : 3;
    changes.push({
      status,
      path: second ?? first,
      oldPath: second === undefined ? null : first,
      // Modes have six digits; all that follows is cut where it stands, as there may be a million of these.
      oldMode: header.slice(1, 7),
      newMode: header.slice(8, 14),
      oldBlob: header.slice(15, header.indexOf(" ", 15)),
    });
    if (changes.length > CHANGED_PATHS_MAX) return null;
  }
  return changes.sort((a, b) => comparePaths(a.path, b.path));
}

const STATUSES: ReadonlyMap<string, ChangeStatus> = new Map(
  (["A", "M", "D", "T", "R", "C"] as const).map((status) => [status, status]),
);

export function toChangedPath({ status, path, oldPath }: RawChange): ChangedPath {
  return oldPath === null ? { status, path } : { status, path, old_path: oldPath };
}

/** Submodules are commits of other repositories: what changed inside them cannot be seen here. */
export function changedSubmodules(changes: readonly RawChange[]): string[] {
  return changes
    .filter(({ oldMode, newMode }) => oldMode === "160000" || newMode === "160000")
    .map(({ path }) => path);
}
