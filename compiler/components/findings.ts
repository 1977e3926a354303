import type { ComponentEdge, ComponentKind } from "../../schemas/components.ts";
import type { Place } from "../../schemas/diagnostic.ts";

/** What one ecosystem's reader saw in one commit. Readers never throw for what a repository holds. */
export interface Findings {
  readonly components: FoundComponent[];
  readonly edges: ComponentEdge[];
  readonly governors: Governor[];
  readonly resolutions: Resolution[];
  readonly unreadable: Unreadable[];
}

/** Whether a component answers for every path below its root, or for its manifest alone. */
export type Ownership = "folder" | "manifest";

export interface FoundComponent {
  readonly root: string;
  /** Label; null when the manifest has none. */
  readonly name: string | null;
  readonly kind: ComponentKind;
  readonly manifest: Place;
  readonly ownership: Ownership;
}

export interface Unreadable {
  readonly path: string;
  readonly why: string;
}

/** One thing a governing file says, as comparable text. */
export interface Fact {
  readonly value: string;
  /** Roots of the components that can behave differently when it changes. */
  readonly governs: readonly string[];
  /** exact: the components named use this very fact. wide: nobody can tell who does, so a doubt is recorded. */
  readonly reach: "exact" | "wide";
}

/**
 * A file that speaks for components beyond its own folder, such as `pnpm-workspace.yaml` or the
 * `[workspace]` part of a `Cargo.toml`. When it changes, its facts are compared one by one.
 */
export interface Governor {
  readonly path: string;
  /** Every component it could speak for: all of them when it cannot be read. */
  readonly members: readonly string[];
  /** null when it cannot be read. */
  readonly facts: ReadonlyMap<string, Fact> | null;
  readonly why: string | null;
  /** True when the facts say all there is; false when the file also belongs to the component that holds it. */
  readonly exclusive: boolean;
}

/** What one lockfile resolves, per component. Nodes name each other by index. */
export interface Resolution {
  readonly path: string;
  readonly members: readonly string[];
  /** null when it cannot be read, or does not tell components apart. */
  readonly graph: ResolutionGraph | null;
  readonly why: string | null;
}

export interface ResolutionGraph {
  readonly nodes: readonly ResolutionNode[];
  /** By component root: the external packages it asks for itself. */
  readonly importers: ReadonlyMap<string, readonly ResolutionLink[]>;
}

export interface ResolutionNode {
  /** Shown to people: `name@version`. */
  readonly label: string;
  /** Everything that makes this package what it is (version, source, checksum), but no dependencies. */
  readonly content: string;
  readonly dependencies: readonly ResolutionLink[];
}

export interface ResolutionLink {
  /** The name it is asked for by; an alias differs from the package's own. */
  readonly name: string;
  readonly node: number;
}

export function noFindings(): Findings {
  return { components: [], edges: [], governors: [], resolutions: [], unreadable: [] };
}
