/** Plans and decisions as text, for terminals and for a forge's Markdown. */
export { byteText } from "./byte-text.ts";
export { renderExplain } from "./explain-text.ts";
export { type PlanDiff, planDiff, renderPlanDiff } from "./plan-diff.ts";
export { planMarkdown, prose } from "./plan-markdown.ts";
export { renderPlan } from "./plan-text.ts";
export { renderProvenance } from "./provenance-text.ts";
export { samePlanCommand } from "./same-plan-command.ts";
export { renderWhyNot } from "./why-not-text.ts";
