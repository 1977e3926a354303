import type { Span } from "../../../schemas/diagnostic.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import type { ArtifactDraft, CacheDraft, JobDraft } from "../emit.ts";
import type { KeyReader } from "../reader.ts";
import type { Scope } from "./expression.ts";
import type { ScriptStep } from "./shells.ts";

/** What actions of one job become. */
export interface ActionEffects {
  /** What is installed, as an image that holds it, and where that was asked for. */
  image: { readonly text: string; readonly span: Span } | null;
  checkout: JobDraft["checkout"] | "none";
  readonly artifacts: ArtifactDraft[];
  readonly caches: CacheDraft[];
  /** Artifacts of needed jobs to have. */
  readonly downloads: Download[];
  readonly steps: ScriptStep[];
}

/** A download. Here files of an artifact are always at the paths that they had where it was made. */
interface Download {
  /** Null is every artifact of the jobs that are needed. */
  readonly name: string | null;
  /** Folder that the files are put into; null when it is computed, or the artifacts have one each. */
  readonly into: string | null;
  readonly span: Span;
}

export interface ActionUse {
  readonly uses: YamlEntry;
  readonly given: KeyReader | null;
  /** Whether the step runs also when one before it failed, or only then. */
  readonly when: "always" | "failure" | undefined;
  readonly scope: Scope;
  readonly report: Report;
}
