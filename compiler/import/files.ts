import type { Report } from "../diagnostics/report.ts";
import type { YamlMap } from "../yaml/nodes.ts";

/** Files beside the one that is converted, by their path from the repository's root. Reading is the caller's. */
export interface ImportFiles {
  /** Null when there is no such file. */
  readonly read: (path: string) => Uint8Array | null;
  readonly list: () => readonly string[];
}

export const NO_FILES: ImportFiles = { read: () => null, list: () => [] };

/** What a conversion reads beside its own file. */
export interface Reading {
  /** `owner/name`; null when nobody said. */
  readonly repository: string | null;
  /** The map of a file; null when there is none, or it is told in the report why it cannot be read. */
  readonly parse: (path: string, report: Report) => YamlMap | null;
  readonly list: () => readonly string[];
}

/** Files one conversion follows; GitLab itself takes no more. */
export const FILES_MAX = 150;

/**
 * What `uses` names in the repository of the file itself; null for anything else. `./` starts where the job works, `$/` at
 * the root of the commit that runs: an import reads the same file for both.
 */
export function ownPath(uses: string): string | null {
  return /^[.$]\//.test(uses) ? repositoryPath(uses.slice(2)) : null;
}

/** A path of a repository as it is listed there; null when it leads outside. */
export function repositoryPath(written: string): string | null {
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 || parts.includes("..") ? null : parts.join("/");
}
