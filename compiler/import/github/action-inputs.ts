import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { type KeyReader, noted, scalarText } from "../reader.ts";
import type { Scope } from "./expression.ts";
import type { ScriptStep } from "./shells.ts";
import { convertText } from "./texts.ts";

/** Keys whose values only save time, or say what is so here anyway. */
const NO_LOSS = new Set([
  "persist-credentials",
  "clean",
  "check-latest",
  "show-progress",
  "set-safe-directory",
]);

/** Keys of actions that save time and do nothing else. */
const SAVES_TIME = [
  "cache",
  "package-manager-cache",
  "cache-dependency-path",
  "enable-cache",
  "cache-dependency-glob",
];

export function noteSavings(name: string, given: KeyReader | null, report: Report): void {
  for (const key of SAVES_TIME) {
    const entry = given?.take(key) ?? null;
    if (entry !== null && scalarText(entry.value) !== "false")
      noted(
        report,
        entry.keySpan,
        `${quote(key)} of ${quote(name)} was left out: it saves time only; write \`caches\` to have it`,
      );
  }
}

export function takeHarmless(given: KeyReader | null): void {
  for (const key of NO_LOSS) given?.take(key);
}

export function textOf(given: KeyReader | null, key: string, scope: Scope, report: Report): string | null {
  const entry = given?.take(key) ?? null;
  const text =
    entry === null ? null : convertText(scalarText(entry.value) ?? "", entry.value.span, scope, report);
  return text === null || text.trim() === "" ? null : text.trim();
}

/** A step of one plain command. */
export function plainStep(run: string): ScriptStep {
  return { draft: { run }, lines: [], shell: undefined };
}
