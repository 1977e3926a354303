import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";

/** Why a text is not a glob. The detail is a clause that completes "the glob X: ...". */
export interface GlobProblem {
  readonly code: DiagnosticCode;
  readonly detail: string;
  /** What was certainly meant, as a whole glob; absent when that is a guess. */
  readonly instead?: string;
}

export function isGlobProblem(value: object): value is GlobProblem {
  return "code" in value && "detail" in value;
}
