import type { Place } from "./diagnostic.ts";
import type { ChangedPath, Uncertainty } from "./changes.ts";

export type ComponentKind = "declared" | "npm" | "pnpm" | "yarn" | "cargo" | "go" | "maven" | "python";

export type EdgeKind = "runtime" | "dev" | "peer" | "optional" | "build" | "declared";

/** A part of the repository with a root. The root is its identity; the id is a label. */
export interface Component {
  /** Package name, crate or Go module path where that is unique, else the root. */
  readonly id: string;
  /** Folder relative to the repository, `.` for the root component. */
  readonly root: string;
  readonly kind: ComponentKind;
  readonly manifest: Place | null;
}

/** `from` depends on `to` (both roots); `place` is the manifest line that says so. */
export interface ComponentEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  readonly place: Place | null;
}

export interface ComponentGraph {
  readonly components: readonly Component[];
  readonly edges: readonly ComponentEdge[];
}

/** One reason why a component is affected. `dependency` names the next component towards the change. */
export type AffectedCause =
  | { readonly cause: "path"; readonly path: string; readonly status: ChangedPath["status"] }
  | {
      readonly cause: "dependency";
      readonly on: string;
      readonly edge: EdgeKind;
      readonly place: Place | null;
    }
  | { readonly cause: "lockfile"; readonly lockfile: string; readonly packages: readonly string[] }
  | { readonly cause: "uncertain"; readonly code: Uncertainty["code"]; readonly detail: string };

export interface AffectedComponent {
  readonly id: string;
  readonly root: string;
  readonly kind: ComponentKind;
  readonly because: readonly AffectedCause[];
}

/** What `delta affected --json` prints; every list is sorted by root or path. */
export interface AffectedReport {
  readonly version: 1;
  readonly base: string | null;
  readonly head: string;
  readonly merge_base: string | null;
  readonly changed: readonly ChangedPath[];
  readonly direct: readonly AffectedComponent[];
  readonly affected: readonly AffectedComponent[];
  readonly uncertain: readonly Uncertainty[];
}
