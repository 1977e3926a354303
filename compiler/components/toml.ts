import { parse } from "smol-toml";
import { isRecord } from "./javascript/package-json.ts";
import { Unusable } from "./manifest-text.ts";

export type TomlTable = Readonly<Record<string, unknown>>;

/** The tables of a TOML text. Throws Unusable with the parser's first line. */
export function readToml(text: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Unusable(`it is not TOML: ${first}`, { cause: error });
  }
}

/** A table inside a table; empty when it is none. */
export function tableIn(table: TomlTable, ...path: readonly string[]): TomlTable {
  let found: unknown = table;
  for (const key of path) found = isRecord(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return isRecord(found) ? found : {};
}

export function textIn(table: TomlTable, key: string): string | null {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return typeof value === "string" && value !== "" ? value : null;
}

export function textsIn(table: TomlTable, key: string): string[] {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

const HEADER = /^\s*\[{1,2}\s*([^[\]]+?)\s*\]{1,2}\s*(?:#.*)?$/;
const KEY = /^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*[.=]/;

/**
 * Offsets of keys by the last name of the table they stand in, as `section\0key`; the first of each
 * counts. `[dependencies.serde]` gives `dependencies\0serde`. Good for showing a place, not for meaning.
 */
export function findTomlKeys(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const note = (section: string, key: string, offset: number): void => {
    if (!offsets.has(`${section}\0${key}`)) offsets.set(`${section}\0${key}`, offset);
  };
  let section = "";
  let start = 0;
  for (const line of text.split("\n")) {
    const indent = line.length - line.trimStart().length;
    const header = HEADER.exec(line)?.[1];
    const key = header === undefined ? KEY.exec(line)?.[1] : undefined;
    if (header !== undefined) {
      const names = header.split(".").map((name) => unquote(name.trim()));
      section = names.at(-1) ?? "";
      note(names.at(-2) ?? "", section, start + indent);
    } else if (key !== undefined) {
      note(section, unquote(key), start + indent);
    }
    start += line.length + 1;
  }
  return offsets;
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

/** Text that is equal exactly when the values are; the order of keys says nothing. */
export function comparableToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(comparableToml).join(",")}]`;
  if (!isRecord(value) || value instanceof Date) return JSON.stringify(value);
  const entries = Object.entries(value as TomlTable).map(
    ([key, item]) => `${JSON.stringify(key)}:${comparableToml(item)}`,
  );
  return `{${entries.sort().join(",")}}`;
}
