import { booleanOf, entryOf, itemsOf, mapOf, numberOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";

/** `allow_failure`: whether, or with which exit codes; undefined when nothing is said. */
export function allowFailureOf(entry: YamlEntry | null): boolean | readonly number[] | undefined {
  if (entry === null) return undefined;
  const codes = entryOf(mapOf(entry.value), "exit_codes")?.value;
  if (codes === undefined) return booleanOf(entry.value) ?? undefined;
  const numbers = itemsOf(codes).flatMap((code) => numberOf(code) ?? []);
  return numbers.length === 0 ? undefined : numbers;
}
