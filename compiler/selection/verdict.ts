import type { UncertaintyCode } from "../../schemas/changes.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import type {
  DecisionClause,
  DecisionOutcome,
  DependencyHop,
  PlanJob,
  ValueRead,
} from "../../schemas/plan.ts";
import type { ListMatch } from "../globs/index.ts";
import type { RuleModel } from "../language/model.ts";

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
  /** The rule whose `set` holds: the one that decided, or would have if nobody had asked for the job by name. */
  readonly rule: RuleModel | null;
  readonly start: PlanJob["start"];
}

const NO_EVIDENCE = { matched: [], chain: [], expression: null, values: [], uncertain: [] };

export function verdict(
  outcome: DecisionOutcome,
  clause: DecisionClause,
  because: string,
  span: Span,
  evidence: Partial<Omit<Verdict, "outcome" | "clause" | "because" | "span">> = {},
): Verdict {
  return { outcome, clause, because, span, ...NO_EVIDENCE, rule: null, start: "auto", ...evidence };
}
