import type { UncertaintyCode } from "../../schemas/changes.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import type { DecisionClause, DecisionOutcome, DependencyHop, ValueRead } from "../../schemas/plan.ts";
import type { ListMatch } from "../globs/index.ts";

/** A decision before its place is a line and a column: what was decided, by what, and the evidence. */
export interface Verdict {
  readonly outcome: DecisionOutcome;
  readonly clause: DecisionClause;
  readonly because: string;
  readonly span: Span;
  readonly matched: ListMatch["first"];
  readonly chain: readonly DependencyHop[];
  readonly expression: string | null;
  readonly values: readonly ValueRead[];
  readonly uncertain: readonly UncertaintyCode[];
}

export function verdict(
  outcome: DecisionOutcome,
  clause: DecisionClause,
  because: string,
  span: Span,
  evidence: Partial<Omit<Verdict, "outcome" | "clause" | "because" | "span">> = {},
): Verdict {
  const none = { matched: [], chain: [], expression: null, values: [], uncertain: [] };
  return { outcome, clause, because, span, ...none, ...evidence };
}
