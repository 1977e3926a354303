import { baseName } from "../../compiler/paths.ts";
import type { RawChange } from "./raw-change.ts";
import type { FileChange } from "./tree-diff.ts";

/** Files of one content compared with each file that has it; git looks at no more and takes one of them. */
const ALIKE_MAX = 100;

/**
 * The changes with each file that moved as it is told by git: one change with both paths. A file moved when
 * one of the same content went. null when contents must be compared, for one that went may be alike to
 * one that came.
 */
export function withMoves(files: readonly FileChange[]): readonly RawChange[] | null {
  const gone = files.filter(({ status }) => status === "D");
  const come = files.filter(({ status }) => status === "A");
  if (gone.length === 0 || come.length === 0) return files;
  const left = new Map<string, FileChange[]>();
  for (const file of gone) {
    const alike = left.get(file.oldBlob);
    if (alike === undefined) left.set(file.oldBlob, [file]);
    else alike.push(file);
  }
  const moved = new Map<FileChange, FileChange>();
  for (const file of come) {
    const alike = left.get(file.newBlob) ?? [];
    if (alike.length > ALIKE_MAX) return null;
    const at = bestOf(alike, file);
    const [from] = at < 0 ? [] : alike.splice(at, 1);
    if (from !== undefined) moved.set(file, from);
  }
  const sources = new Set(moved.values());
  const mayHaveChanged =
    come.some((file) => isPlain(file.newMode) && !moved.has(file)) &&
    gone.some((file) => isPlain(file.oldMode) && !sources.has(file));
  if (mayHaveChanged) return null;
  return files.filter((file) => !sources.has(file)).map((file) => joined(file, moved.get(file)));
}

/** The first that keeps its name, or else the first; a link or a submodule is the same only as one. */
function bestOf(alike: readonly FileChange[], file: FileChange): number {
  const fits = ({ oldMode }: FileChange): boolean =>
    oldMode === file.newMode || (isPlain(oldMode) && isPlain(file.newMode));
  const name = baseName(file.path);
  const same = alike.findIndex((one) => fits(one) && baseName(one.path) === name);
  return same < 0 ? alike.findIndex(fits) : same;
}

function isPlain(mode: string): boolean {
  return mode.startsWith("100");
}

function joined(file: FileChange, from: FileChange | undefined): RawChange {
  if (from === undefined) return file;
  const { oldMode, oldBlob } = from;
  return { ...file, status: "R", oldPath: from.path, oldMode, oldBlob };
}
