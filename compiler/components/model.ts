import type { ChangeSet, Uncertainty } from "../../schemas/changes.ts";
import type { AffectedComponent, ComponentGraph } from "../../schemas/components.ts";
import type { Diagnostic, Place } from "../../schemas/diagnostic.ts";
import type { Governor, Ownership, Resolution, Unreadable } from "./findings.ts";

/** One entry of the pipeline's `components:`, already checked for shape. */
export interface DeclaredComponent {
  readonly id: string;
  /** Folder relative to the repository, `.` for all of it. */
  readonly root: string;
  /** Globs of further paths that count as this component's own. */
  readonly inputs: readonly string[];
  /** Ids or roots of other components, each with the place that names it. */
  readonly depends_on: readonly { readonly component: string; readonly place: Place }[];
  /** Globs of generated paths: a change to one counts for nothing in this component. */
  readonly outputs: readonly string[];
  readonly place: Place;
}

export type DiscoverKind = "npm" | "pnpm" | "yarn" | "cargo" | "go" | "maven" | "python";

/** Turns globs into one test; the caller brings it, so that all globs of a plan share one meaning and one limit. */
export type GlobCompiler = (globs: readonly string[]) => (path: string) => boolean;

export interface DiscoverOptions {
  /** Ecosystems to look for; all of them when absent. The three JavaScript names are one ecosystem. */
  readonly discover?: readonly DiscoverKind[];
  readonly declared?: readonly DeclaredComponent[];
  readonly compileGlobs?: GlobCompiler;
}

/** The components of one commit, with what is needed to compare it with another. */
export interface Discovery {
  readonly graph: ComponentGraph;
  /** By root. The root of a JavaScript workspace owns its manifest alone. */
  readonly ownership: ReadonlyMap<string, Ownership>;
  /** Root by path, for every manifest that belongs to the component in its folder. */
  readonly manifests: ReadonlyMap<string, string>;
  /** By root: package, crate or module name, when the manifest has one. */
  readonly names: ReadonlyMap<string, string>;
  readonly declared: readonly DeclaredComponent[];
  readonly governors: ReadonlyMap<string, Governor>;
  readonly resolutions: ReadonlyMap<string, Resolution>;
  /** Manifests that could not be read; each widens every plan in which something changed. */
  readonly unreadable: readonly Unreadable[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What a path that no component owns adds: every component, an error, or the components named (ids or roots). */
export type UnownedPolicy = "all" | "error" | readonly string[];

export interface AffectedOptions {
  readonly unowned?: UnownedPolicy;
  /** True for paths that count for nothing (`changes.ignore`). */
  readonly ignored?: (path: string) => boolean;
  /** True for paths that count for every component (`global_inputs`). */
  readonly globalInput?: (path: string) => boolean;
  readonly compileGlobs?: GlobCompiler;
}

export interface AffectedInput {
  readonly head: Discovery;
  /** null when the base is unknown: then everything is affected. */
  readonly base: Discovery | null;
  readonly changes: ChangeSet;
  readonly options?: AffectedOptions;
}

export interface AffectedResult {
  /** The graph at head, with the edges of removed components that still explain something. */
  readonly graph: ComponentGraph;
  /** Components whose own paths or resolutions changed, sorted by root. */
  readonly direct: readonly AffectedComponent[];
  /** `direct`, what depends on it and what a doubt added, sorted by root. */
  readonly affected: readonly AffectedComponent[];
  /** The doubts of the change set and of the graph that fired, with what each added. */
  readonly uncertain: readonly Uncertainty[];
  /** Changed paths that no component owns. */
  readonly unowned: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}
