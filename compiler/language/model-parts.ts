import type { Span } from "../../schemas/diagnostic.ts";
import type { PlanArtifact, PlanCache } from "../../schemas/plan-job-parts.ts";
import type { PlanConcurrency } from "../../schemas/plan.ts";
import type { Template } from "../expressions/ast.ts";

/**
 * What stands around a job's steps, as written: what runs beside them, what they are given, what they
 * leave behind, and who lets them start. The meaning of each is beside its form in the plan.
 */
export interface JobParts {
  readonly services: readonly ServiceModel[];
  readonly caches: readonly CacheModel[];
  readonly artifacts: readonly ArtifactModel[];
  readonly outputs: readonly NamedSpan[];
  readonly secrets: readonly SecretModel[];
  readonly idTokens: readonly IdTokenModel[];
  readonly network: { readonly egress: string } | null;
  readonly concurrency: ConcurrencyModel | null;
  readonly approval: ApprovalModel | null;
  readonly environment: EnvironmentModel | null;
  /** Null: no checkout. A null depth is all of the history. */
  readonly checkout: { readonly depth: number | null } | null;
  readonly interruptible: boolean;
  readonly noOutputTimeoutMs: number | null;
  /** Null when nothing bounds the cells of the job's matrix. */
  readonly cells: { readonly max: number | null; readonly failFast: boolean } | null;
}

export interface NamedSpan {
  readonly name: string;
  readonly span: Span;
}

export interface ServiceModel extends NamedSpan {
  readonly image: Template;
  readonly env: ReadonlyMap<string, Template>;
  readonly command: readonly Template[] | null;
  readonly ports: readonly number[];
  readonly ready: { readonly command: readonly Template[]; readonly timeoutMs: number } | null;
}

export interface CacheModel {
  readonly key: Template;
  readonly paths: readonly Template[];
  readonly restoreKeys: readonly Template[];
  readonly mode: PlanCache["mode"];
  readonly span: Span;
}

export interface ArtifactModel {
  readonly name: Template;
  readonly paths: readonly Template[];
  readonly type: PlanArtifact["type"];
  readonly when: PlanArtifact["when"];
  readonly expireMs: number | null;
  readonly required: boolean;
  readonly span: Span;
}

export interface SecretModel {
  readonly variable: string;
  readonly secret: string;
  readonly span: Span;
}

export interface IdTokenModel {
  readonly variable: string;
  readonly audiences: readonly string[];
  readonly span: Span;
}

export interface ConcurrencyModel {
  readonly group: Template;
  readonly limit: number;
  readonly onConflict: PlanConcurrency["on_conflict"];
}

export interface ApprovalModel {
  readonly approvers: readonly string[];
  readonly min: number;
  readonly expiresMs: number | null;
  readonly span: Span;
}

export interface EnvironmentModel {
  readonly name: Template;
  readonly url: Template | null;
}
