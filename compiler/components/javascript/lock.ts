import type { ResolutionGraph } from "../findings.ts";
import type { PackageJson } from "./package-json.ts";

/** What a lockfile says about one dependency of one workspace package. */
export type LockLink =
  /** It is the package in this folder of the repository. */
  | { readonly to: "component"; readonly root: string }
  /** It comes from outside the repository. */
  | { readonly to: "outside" }
  /** The lockfile does not say. */
  | { readonly to: "unknown" };

export interface JavaScriptLock {
  /** May be made when it is first asked for. */
  readonly graph: ResolutionGraph;
  link(from: string, name: string, spec: string): LockLink;
}

/** What a lockfile reader is given. Throws Unusable for a lockfile it cannot use. */
export interface LockSource {
  readonly text: string;
  /** Folder of the workspace root; paths in the lockfile count from it. */
  readonly folder: string;
  readonly packages: readonly PackageJson[];
}

export const UNKNOWN: LockLink = { to: "unknown" };
export const OUTSIDE: LockLink = { to: "outside" };
