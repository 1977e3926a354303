import { lstat, readdir, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { mayMatchBelow, parseGlob, isGlobProblem, pathTest, type Glob } from "../../compiler/globs/index.ts";
import { ARTIFACT_FILES_MAX, ARTIFACT_UNPACKED_BYTES_MAX } from "../../schemas/limits.ts";
import { ArtifactRefused } from "./refused.ts";

/**
 * Compared characters and segments for one artifact, about ten seconds' worth: the files of a checkout with its
 * packages installed, and globs that are not made to be slow.
 */
const MATCH_WORK_MAX = 200_000_000;
/** A repository's own folder can hold credentials, and is no result of a build. */
const NEVER_KEPT = ".git";

export interface ChosenFiles {
  /** Of files and links, from the root, in the order of a listing. */
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Links that lead out of the root: what they mean elsewhere is not known. */
  readonly outward: readonly string[];
}

/**
 * What the globs choose below the root. A glob that fits a folder chooses all that is in it. Links are not followed.
 * Throws ArtifactRefused for what no artifact may hold.
 */
export async function chooseFiles(root: string, globs: readonly string[]): Promise<ChosenFiles> {
  const withContents = globs.flatMap((glob) => [glob, `${glob.replace(/\/$/, "")}/**`]);
  const budget = { left: MATCH_WORK_MAX };
  const admits = pathTest(withContents, budget);
  const entries = withContents
    .map(parseGlob)
    .filter((glob): glob is Glob => !isGlobProblem(glob))
    .map((glob) => ({ glob }));
  const paths: string[] = [];
  const outward: string[] = [];
  let bytes = 0;
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.name === NEVER_KEPT) continue;
      if (entry.isDirectory()) {
        if (mayMatchBelow({ entries }, path, budget)) folders.push(path);
        continue;
      }
      if (!admits(path)) continue;
      if (budget.left < 0)
        throw new ArtifactRefused("its globs take too long to compare with the files here");
      if (entry.name.includes("\uFFFD")) throw new ArtifactRefused(`the name of ${path} is not UTF-8`);
      if (entry.isSymbolicLink()) {
        if (leadsOut(path, await readlink(join(root, path)))) outward.push(path);
        else paths.push(path);
      } else if (entry.isFile()) {
        bytes += (await lstat(join(root, path))).size;
        paths.push(path);
      } else throw new ArtifactRefused(`${path} is neither a file nor a link`);
      if (paths.length > ARTIFACT_FILES_MAX)
        throw new ArtifactRefused(`it has more than ${ARTIFACT_FILES_MAX} files`);
      if (bytes > ARTIFACT_UNPACKED_BYTES_MAX)
        throw new ArtifactRefused(`its files are larger than ${ARTIFACT_UNPACKED_BYTES_MAX} bytes together`);
    }
  }
  return { paths: paths.toSorted(), bytes, outward };
}

/** By its text alone: where other links on the way lead does not count. */
export function leadsOut(path: string, target: string): boolean {
  const place = posix.join(posix.dirname(path), target);
  return posix.isAbsolute(target) || place === ".." || place.startsWith("../");
}
