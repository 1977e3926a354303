/** Globs with micromatch's meaning and a bounded cost (adr/0011-glob-engine.md). */
export { listContains } from "./contains.ts";
export { type Glob, matchesGlob, parseGlob } from "./glob.ts";
export { GlobIndex } from "./glob-index.ts";
export {
  type CheckedGlobList,
  checkGlobList,
  listAdmits,
  mayMatchBelow,
  type PatternAllowance,
  PIPELINE_PATTERNS_MAX,
} from "./glob-list.ts";
export { ListIndex, type ListMatch, MATCH_WORK_MAX, PathMatcher, pathTest } from "./path-matcher.ts";
export { isGlobProblem } from "./problem.ts";
export type { MatchBudget } from "./segment.ts";
