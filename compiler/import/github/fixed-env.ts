import { mapOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { literal } from "../emit.ts";
import { scalarText } from "../reader.ts";
import type { Known } from "./known.ts";

/** Variables with a plain text, for expressions that read `env.NAME`. */
export function fixedEnv(entry: YamlEntry | null | undefined): ReadonlyMap<string, Known> {
  return new Map(
    [...(mapOf(entry?.value)?.entries.values() ?? [])].flatMap(({ key, value }): [string, Known][] => {
      const text = scalarText(value);
      return text === null || text.includes("${{")
        ? []
        : [[`env.${key}`, { text: literal(text), type: "string", fixed: text }]];
    }),
  );
}
