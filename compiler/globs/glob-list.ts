import type { Diagnostic, Span } from "../../schemas/diagnostic.ts";
import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import type { GlobList } from "../language/model.ts";
import { type Glob, matchesGlob, parseGlob } from "./glob.ts";
import { type GlobProblem, isGlobProblem } from "./problem.ts";
import type { MatchBudget } from "./segment.ts";

/** A checked list: the last glob that a text fits decides, and one with `!` decides against it. */
export interface CheckedGlobList {
  readonly span: Span;
  readonly entries: readonly { readonly glob: Glob; readonly span: Span }[];
}

/** Checks every glob; what is wrong goes to `report` and is left out of the list. */
export function checkGlobList(list: GlobList, report: (diagnostic: Diagnostic) => void): CheckedGlobList {
  const entries: { readonly glob: Glob; readonly span: Span }[] = [];
  for (const { value, span } of list.globs) {
    const glob = parseGlob(value);
    if (isGlobProblem(glob)) report(globDiagnostic(glob, value, span));
    else entries.push({ glob, span });
  }
  const onlyExclusions = entries.length === list.globs.length && entries.every(({ glob }) => glob.negated);
  if (onlyExclusions) {
    report({
      code: "DC1506",
      severity: DIAGNOSTIC_CODES.DC1506.severity,
      message:
        entries.length === 0
          ? "the list of globs is empty, so nothing can match it; write at least one glob"
          : "every glob here starts with `!`, so nothing can match; begin the list with `**` to mean all but these",
      span: list.span,
      related: [],
    });
  }
  return { span: list.span, entries };
}

function globDiagnostic(problem: GlobProblem, glob: string, span: Span): Diagnostic {
  const shown = glob.length > 80 ? `${glob.slice(0, 77)}...` : glob;
  const diagnostic: Diagnostic = {
    code: problem.code,
    severity: DIAGNOSTIC_CODES[problem.code].severity,
    message: `the glob \`${shown}\` cannot be used: ${problem.detail}`,
    span,
    related: [],
  };
  if (problem.instead === undefined) return diagnostic;
  const newText = `'${problem.instead.replaceAll("'", "''")}'`;
  return { ...diagnostic, fix: { title: `Write ${problem.instead}`, edits: [{ span, newText }] } };
}

/** For a single text, such as a branch name; many paths go through PathMatcher. */
export function listAdmits(list: CheckedGlobList, text: string, budget: MatchBudget): boolean {
  return list.entries.findLast(({ glob }) => matchesGlob(glob, text, budget))?.glob.negated === false;
}
