import type { ChangedPath, ChangeStatus } from "../../schemas/changes.ts";
import { comparePaths } from "../../compiler/paths.ts";
import { GitError } from "./git-error.ts";
import { askGit } from "./git-process.ts";
import type { GitRepository } from "./model.ts";
import { withMoves } from "./moves.ts";
import type { RawChange } from "./raw-change.ts";
import { decodeRecords } from "./records.ts";
import { compareTrees } from "./tree-diff.ts";
import type { TreeReader } from "./tree-reader.ts";

/** Past this many changed paths the change set is not kept: everything counts as changed. */
export const CHANGED_PATHS_MAX = 1_000_000;
/** About the size of that many records. */
const DIFF_BYTES_MAX = 256 * 1024 * 1024;
/** Pairs of added and deleted files compared for similarity. Exact renames are found whatever their number. */
const RENAME_CANDIDATES_MAX = 400;

/** What differs between two commits, in path order; null when it is too much to keep. */
export async function readDiff(
  repository: GitRepository,
  trees: TreeReader,
  base: string,
  head: string,
  signal?: AbortSignal,
): Promise<readonly RawChange[] | null> {
  // Two of them may be one file that moved.
  const files = await compareTrees(trees, base, head, 2 * CHANGED_PATHS_MAX);
  if (files === null) return null;
  const changes = withMoves(files);
  if (changes === null) return await askForDiff(repository, base, head, signal);
  return changes.length > CHANGED_PATHS_MAX ? null : changes;
}

/** Git compares the contents of files that went and came, and says which are alike. */
async function askForDiff(
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
    return parseRawDiff(decodeRecords(stdout));
  } catch (error) {
    if (error instanceof GitError && error.code === "too_large") return null;
    throw error;
  }
}

/**
 * `:<old mode> <new mode> <old id> <new id> <status>` NUL path NUL [path NUL], again and again. There may be a
 * million of them: each is cut where its parts stand, and nothing is cut out that is not kept.
 */
export function parseRawDiff(text: string): RawChange[] | null {
  const changes: RawChange[] = [];
  // Modes have six digits; the ids of one repository all have one length.
  const idLength = Math.max(0, text.indexOf(" ", OLD_ID) - OLD_ID);
  const statusOffset = OLD_ID + 2 * (idLength + 1);
  let isSorted = true;
  for (let start = 0; start < text.length; ) {
    const status = STATUSES.get(text.charCodeAt(start + statusOffset));
    const headerEnd = endOf(text, start);
    const firstEnd = endOf(text, headerEnd + 1);
    const isPair = status === "R" || status === "C";
    const secondEnd = isPair ? endOf(text, firstEnd + 1) : firstEnd;
    const path = isPair ? text.slice(firstEnd + 1, secondEnd) : text.slice(headerEnd + 1, firstEnd);
    if (text[start] !== ":" || status === undefined || headerEnd < start + statusOffset || path === "") {
      const header = text.slice(start, headerEnd);
      throw new GitError(
        "corrupt",
        `git diff-tree gave a record that cannot be read: ${JSON.stringify(header)}`,
      );
    }
    const last = changes.at(-1);
    isSorted &&= last === undefined || comparePaths(last.path, path) <= 0;
    changes.push({
      status,
      path,
      oldPath: isPair ? text.slice(headerEnd + 1, firstEnd) : null,
      oldMode: modeAt(text, start + OLD_MODE),
      newMode: modeAt(text, start + NEW_MODE),
      oldBlob: text.slice(start + OLD_ID, start + OLD_ID + idLength),
    });
    if (changes.length > CHANGED_PATHS_MAX) return null;
    start = secondEnd + 1;
  }
  return isSorted ? changes : changes.sort((a, b) => comparePaths(a.path, b.path));
}

/** Where the parts of a record begin, counted from its colon. */
const OLD_MODE = 1;
const NEW_MODE = 8;
const OLD_ID = 15;

/** The end of the record that begins here. */
function endOf(text: string, start: number): number {
  const end = text.indexOf("\0", start);
  return end < 0 ? text.length : end;
}

/** One string for all files of the usual mode. */
function modeAt(text: string, start: number): string {
  return text.startsWith("100644", start) ? "100644" : text.slice(start, start + 6);
}

const STATUSES: ReadonlyMap<number, ChangeStatus> = new Map(
  (["A", "M", "D", "T", "R", "C"] as const).map((status) => [status.charCodeAt(0), status]),
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
