import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type Env, plainText } from "../emit.ts";
import { GIVEN_TEXTS } from "./names.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";

/** One variable as it is written. */
export interface Variable {
  readonly text: string;
  readonly node: YamlNode;
  /** What people are told who start a pipeline by hand; null where they are not asked. */
  readonly description: string | null;
  readonly options: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** `variables` as they are written. */
export function readVariables(node: YamlNode | undefined, report: Report): ReadonlyMap<string, Variable> {
  const found = new Map<string, Variable>();
  for (const { key, keySpan, value } of mapOf(node)?.entries.values() ?? []) {
    const long = mapOf(value);
    const reader = long === null ? null : new KeyReader(long, report);
    const given = reader === null ? value : reader.node("value");
    const text = scalarText(given) ?? (given === undefined || given.kind === "scalar" ? "" : null);
    const description = scalarText(reader?.node("description"));
    const options = scalarTexts(reader?.node("options"));
    const expand = scalarText(reader?.node("expand"));
    reader?.finish(`the variable ${quote(key)}`);
    if (text === null || !NAME.test(key))
      leftOut(report, keySpan, `The variable ${quote(key)} has no plain value and was left out`);
    else
      found.set(key, {
        text: expand === "false" ? text.replaceAll("$", "$$$$") : text,
        node: value,
        description,
        options,
      });
  }
  return found;
}

/** Variables in each other; more is a circle. */
const DEPTH_MAX = 10;
/** Characters one text may grow to; what is longer was made to be. */
const EXPANDED_MAX = 10_000;
const USE = /\$\$|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}/g;

/** Names that mean one ref each, where any such name does: keys of caches, groups, environments. */
export const REF_NAMES: Readonly<Record<string, string>> = {
  CI_COMMIT_REF_SLUG: "${{ ref.name }}",
  CI_COMMIT_BRANCH: "${{ ref.name }}",
  CI_COMMIT_TAG: "${{ ref.name }}",
  CI_MERGE_REQUEST_IID: "${{ pr.number ?? 0 }}",
};

/** What variables are in the texts of one job. */
export class VariableTexts {
  /** Texts of ours, expressions included, that stand for a variable. */
  readonly #given: Env;
  readonly #written: ReadonlyMap<string, string>;

  constructor(given: Env, written: ReadonlyMap<string, string>) {
    this.#given = { ...GIVEN_TEXTS, ...given };
    this.#written = written;
  }

  /** The text with its variables filled in; null when nothing is known of one of them. */
  expand(text: string, more: Env = {}): string | null {
    const filled = this.#fill(text, more, 0);
    return filled === null || filled.length > EXPANDED_MAX ? null : filled;
  }

  #fill(text: string, more: Env, depth: number): string | null {
    if (!text.includes("$")) return plainText(text);
    if (depth > DEPTH_MAX) return null;
    let filled = "";
    let at = 0;
    for (const found of text.matchAll(USE)) {
      const name = found[1] ?? found[2];
      const value = name === undefined ? "$" : this.#valueOf(name, more, depth);
      if (value === null) return null;
      filled += plainText(text.slice(at, found.index)) + value;
      if (filled.length > EXPANDED_MAX) return null;
      at = found.index + found[0].length;
    }
    return filled + plainText(text.slice(at));
  }

  #valueOf(name: string, more: Env, depth: number): string | null {
    for (const known of [more, this.#given]) if (Object.hasOwn(known, name)) return known[name] ?? null;
    const written = this.#written.get(name);
    return written === undefined ? null : this.#fill(written, more, depth + 1);
  }
}

/** What stands for a variable while the rest of a text is filled in; no text of a file has it. */
const MARK = "\u0000";

/** A text as a word of the shell, in which variables that the shell sets are read; null where others are not known. */
function shellWordOf(text: string, texts: VariableTexts, setByShell: ReadonlySet<string>): string | null {
  const marks = Object.fromEntries(Array.from(setByShell, (name) => [name, `${MARK}${name}${MARK}`]));
  const filled = texts.expand(text, marks);
  if (filled === null || filled.includes("${{")) return null;
  const parts = filled.split(MARK);
  return `"${parts.map((part, index) => (index % 2 === 1 ? `\${${part}}` : part.replace(/["$\\`]/g, "\\$&"))).join("")}"`;
}

/** Where variables go that only a shell can make. */
export interface ShellVariables {
  /** Names that a shell sets before a script. */
  readonly known: ReadonlySet<string>;
  /** Words by name, for lines before a script. */
  readonly words: Map<string, string>;
}

/**
 * Variables as environment, those that they refer to filled in. With `shell` those that refer to what it sets are left
 * to it.
 */
export function environmentOf(
  variables: ReadonlyMap<string, Variable>,
  texts: VariableTexts,
  report: Report,
  shell: ShellVariables | null = null,
): Env {
  const env: Record<string, string> = {};
  for (const [name, { text, node }] of variables) {
    const filled = texts.expand(text);
    const word = filled !== null || shell === null ? null : shellWordOf(text, texts, shell.known);
    if (word !== null) {
      shell?.words.set(name, word);
      continue;
    }
    env[name] = filled ?? plainText(text);
    if (filled === null)
      changed(
        report,
        node.span,
        `${quote(name)} refers to variables that nothing here sets; the value is passed as it is written`,
      );
  }
  return env;
}
