import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import type { GlobList } from "../language/model.ts";
import { type Glob, matchesGlob, parseGlob } from "./glob.ts";
import { type GlobProblem, isGlobProblem } from "./problem.ts";
import type { GlobPattern } from "./pattern.ts";
import { type MatchBudget, matchesSegment } from "./segment.ts";

/** A checked list: the last glob that a text fits decides, and one with `!` decides against it. */
export interface CheckedGlobList {
  readonly span: Span;
  readonly entries: readonly { readonly glob: Glob; readonly span: Span }[];
}

/** Patterns of all globs in one pipeline together, braces expanded. Bounds the memory of their index. */
export const PIPELINE_PATTERNS_MAX = 20_000;

/** Patterns that a pipeline's lists may still have; shared by all of them. */
export interface PatternAllowance {
  left: number;
}

/** Checks every glob; what is wrong goes to `report` and is left out of the list. */
export function checkGlobList(list: GlobList, report: Report, allowance: PatternAllowance): CheckedGlobList {
  const entries: { readonly glob: Glob; readonly span: Span }[] = [];
  for (const { value, span } of list.globs) {
    const glob = parseGlob(value);
    if (isGlobProblem(glob)) {
      reportGlob(glob, value, span, report);
      continue;
    }
    allowance.left -= glob.patterns.length;
    if (allowance.left < 0) {
      const most = PIPELINE_PATTERNS_MAX.toLocaleString("en-US");
      report.add(
        "DC1502",
        span,
        `From here on the globs of this pipeline stand for more than ${most} patterns`,
      );
      return { span: list.span, entries };
    }
    entries.push({ glob, span });
  }
  if (entries.length === list.globs.length && entries.every(({ glob }) => glob.negated)) {
    const message =
      entries.length === 0
        ? "The list of globs is empty, so nothing can match it; write at least one glob"
        : "Every glob here starts with `!`, so nothing can match; begin the list with `**` to mean all but these";
    report.add("DC1506", list.span, message);
  }
  return { span: list.span, entries };
}

function reportGlob(problem: GlobProblem, glob: string, span: Span, report: Report): void {
  const { code, detail, instead } = problem;
  const message = `The glob ${quote(glob)} cannot be used: ${detail}`;
  if (instead === undefined) report.add(code, span, message);
  else {
    const newText = `'${instead.replaceAll("'", "''")}'`;
    report.add(code, span, message, { fix: { title: `Write ${instead}`, edits: [{ span, newText }] } });
  }
}

/** For a single text, such as a branch name; many paths go through PathMatcher. */
export function listAdmits(list: CheckedGlobList, text: string, budget: MatchBudget): boolean {
  return list.entries.findLast(({ glob }) => matchesGlob(glob, text, budget))?.glob.negated === false;
}

/**
 * Whether a path inside the folder could fit one of the globs: what cannot be ruled out counts. Asked for a
 * submodule, whose files git does not list, and to leave out folders that need no listing.
 */
export function mayMatchBelow(
  { entries }: { readonly entries: readonly { readonly glob: Glob }[] },
  folder: string,
  budget: MatchBudget,
): boolean {
  const segments = folder.split("/");
  return entries.some(
    ({ glob }) => !glob.negated && glob.patterns.some((pattern) => reachesBelow(pattern, segments, budget)),
  );
}

function reachesBelow(pattern: GlobPattern, folder: readonly string[], budget: MatchBudget): boolean {
  for (const [at, segment] of folder.entries()) {
    const expected = pattern[at];
    if (expected?.kind === "globstar") return true;
    if (expected === undefined || !matchesSegment(expected, segment, budget)) return false;
  }
  return pattern.length > folder.length;
}
