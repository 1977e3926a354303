import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { mapOf } from "../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from "../yaml/nodes.ts";

/** Tells what was left out of a conversion. `what` is a clause about the thing at that place. */
export function leftOut(report: Report, span: Span, what: string): void {
  report.add("DC1801", span, what);
}

/** Tells what was converted into something that means less or other. */
export function changed(report: Report, span: Span, what: string): void {
  report.add("DC1802", span, what);
}

/** Tells what means the same but in cases that few have. */
export function noted(report: Report, span: Span, what: string): void {
  report.add("DC1804", span, what);
}

/** Keys of one map, each of which is either taken or told: nothing is passed over in silence. */
export class KeyReader {
  readonly #left: Map<string, YamlEntry>;
  readonly #report: Report;
  readonly span: Span;

  constructor(map: YamlMap, report: Report) {
    this.#left = new Map(map.entries);
    this.#report = report;
    this.span = map.span;
  }

  has(key: string): boolean {
    return this.#left.has(key);
  }

  /** The entry, which is not dealt with yet. */
  peek(key: string): YamlEntry | null {
    return this.#left.get(key) ?? null;
  }

  /** The entry, which counts as dealt with from now on. */
  take(key: string): YamlEntry | null {
    const entry = this.#left.get(key) ?? null;
    this.#left.delete(key);
    return entry;
  }

  node(key: string): YamlNode | undefined {
    return this.take(key)?.value;
  }

  map(key: string): KeyReader | null {
    const entry = this.take(key);
    const map = mapOf(entry?.value);
    if (entry !== null && map === null && !isNull(entry.value))
      leftOut(this.#report, entry.keySpan, `${quote(key)} is no map here and was left out`);
    return map === null ? null : new KeyReader(map, this.#report);
  }

  /** Tells every key that nobody took; `why` has a reason for some. */
  finish(where: string, why: Readonly<Record<string, string>> = {}): void {
    for (const { key, keySpan } of this.#left.values()) {
      const reason = Object.hasOwn(why, key) ? why[key] : "has no counterpart";
      leftOut(this.#report, keySpan, `${quote(key)} of ${where} was left out: it ${reason}`);
    }
  }

  entries(): readonly YamlEntry[] {
    return [...this.#left.values()];
  }
}

export function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** A scalar as text, numbers and booleans as written; null for anything else. */
export function scalarText(node: YamlNode | null | undefined): string | null {
  if (node?.kind !== "scalar" || node.value === null) return null;
  return textOfScalar(node);
}

function textOfScalar({ value, source }: YamlScalar): string {
  return typeof value === "string" ? value : source;
}

/** Texts of a list or of a single scalar. */
export function scalarTexts(node: YamlNode | null | undefined): readonly string[] {
  const items = node?.kind === "list" ? node.items : node === null || node === undefined ? [] : [node];
  return items.flatMap((item) => (item.kind === "list" ? scalarTexts(item) : (scalarText(item) ?? [])));
}
