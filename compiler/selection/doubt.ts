import { displayText } from "../diagnostics/quote.ts";
import type { ChangeSet, Uncertainty, UncertaintyCode } from "../../schemas/changes.ts";

/** Why path and component conditions cannot be trusted. `because` completes "it runs because ...". */
export interface Doubt {
  readonly code: UncertaintyCode;
  readonly because: string;
}

/** The change set's own doubt about which paths changed; null when the list is whole. */
export function pathDoubt(changes: ChangeSet): Doubt | null {
  const fatal = changes.uncertain.find(({ code }) => code === "changes_truncated");
  if (changes.changed !== null && fatal === undefined) return null;
  const raised = fatal ?? changes.uncertain[0];
  if (raised !== undefined)
    return { code: raised.code, because: `everything counts as changed: ${displayText(raised.detail)}` };
  return { code: "base_missing", because: "everything counts as changed: there is no base to compare with" };
}

/**
 * Doubts without repeats, by code and detail. A path that no component owns is no doubt where it added
 * none, as in a repository without components.
 */
export function mergeDoubts(...lists: readonly (readonly Uncertainty[])[]): readonly Uncertainty[] {
  const seen = new Map<string, Uncertainty>();
  for (const doubt of lists.flat()) {
    if (doubt.code === "path_unowned" && doubt.added.length === 0) continue;
    const key = `${doubt.code}\n${doubt.detail}`;
    const known = seen.get(key);
    if (known === undefined || known.added.length < doubt.added.length) seen.set(key, doubt);
  }
  return [...seen.values()].sort(
    (left, right) => order(left.code, right.code) || order(left.detail, right.detail),
  );
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
