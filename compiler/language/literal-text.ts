import type { Template } from "../expressions/index.ts";

/** The text of a template without `${{ }}`; null for one whose text depends on the event. */
export function literalText(template: Template): string | null {
  const { parts } = template;
  return parts.every((part) => typeof part === "string") ? parts.join("") : null;
}
