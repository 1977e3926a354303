/** The compiler's only door: one commit, what changed, and an event become a plan, or diagnostics. */
export { compile, createCompiler } from "./plan/compile.ts";
export {
  type CompileInput,
  type CompileResult,
  PIPELINE_FILE,
  type PlanLimits,
  type TreeSnapshot,
} from "./input.ts";
export type { OperatorPolicy } from "./policy/model.ts";
export { readPolicy } from "./policy/read-policy.ts";
export { preferredBase } from "./language/preferred-base.ts";
export { inputTexts } from "./input-texts.ts";
export { NO_PINNED, type PinnedAnswer, type PinnedFiles, pinnedKey, type PinnedRequest } from "./pinned.ts";
export { wantedPinned } from "./plan/wanted-pinned.ts";
export { isWantedContent } from "./plan/wanted-contents.ts";
export { findDecisions } from "./plan/find-decisions.ts";
export { absentInstance } from "./plan/absent-instance.ts";
export { Preparations } from "./plan/prepare.ts";
export { type WhyNot, whyNot } from "./plan/why-not.ts";
