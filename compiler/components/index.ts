/** The component graph's only door. Pure: everything it knows comes from a TreeSnapshot. */
export type {
  AffectedInput,
  AffectedOptions,
  AffectedResult,
  DeclaredComponent,
  DiscoverKind,
  DiscoverOptions,
  Discovery,
  GlobCompiler,
  UnownedPolicy,
} from "./model.ts";
import type { AffectedReport } from "../../schemas/components.ts";
import type { CompileInput, TreeSnapshot } from "../input.ts";
import type { AffectedInput, AffectedOptions, AffectedResult, DiscoverOptions, Discovery } from "./model.ts";

/** Signatures of what this door exports. */
export interface ComponentsDoor {
  wantedManifests(paths: Iterable<string>): string[];
  discoverComponents(snapshot: TreeSnapshot, options?: DiscoverOptions): Discovery;
  affectedComponents(input: AffectedInput): AffectedResult;
  affectedReport(
    input: Pick<CompileInput, "head" | "base" | "changes">,
    options?: DiscoverOptions & AffectedOptions,
  ): AffectedReport;
}
