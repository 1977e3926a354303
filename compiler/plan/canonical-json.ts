import serialize from "canonicalize";

/**
 * RFC 8785 JSON of a plain value, as the package `canonicalize` writes it; null when there is none, for a
 * text in it holds half a surrogate pair. What several places of the value share is written once, which
 * makes this several times as fast as the package for a plan of many instances. The package is asked where
 * it throws: for numbers that are not finite, and for what JSON does not know.
 */
export function canonicalJson(value: unknown): string | null {
  const writer = new CanonicalWriter();
  const written = writer.write(value);
  if (!writer.isWellFormed) return null;
  return (writer.isPlain ? written : serialize(value)) ?? null;
}

/** Shorter texts, which are most, are written again sooner than they are looked up and collected. */
const REMEMBERED_MIN = 256;

/** The keys of objects of one form: in the order in which each stands there, and as they are written. */
interface Form {
  readonly sorted: readonly { readonly key: string; readonly written: string }[];
}

/** Forms by their keys, one key after another. */
interface FormNode {
  readonly next: Map<string, FormNode>;
  form: Form | null;
}

class CanonicalWriter {
  /** False once the package has to be asked. */
  isPlain = true;
  isWellFormed = true;
  readonly #objects = new Map<object, string>();
  readonly #forms: FormNode = { next: new Map(), form: null };

  write(value: unknown): string {
    if (typeof value === "string") return this.#text(value);
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "object") return this.#shared(value);
    this.isPlain &&= Number.isFinite(value);
    return this.isPlain ? JSON.stringify(value) : "";
  }

  #text(text: string): string {
    // oxlint-disable-next-line no-control-regex -- control characters are what JSON escapes
    if (!/["\\\u0000-\u001f\ud800-\udfff]/.test(text)) return `"${text}"`;
    this.isWellFormed &&= text.isWellFormed();
    return JSON.stringify(text);
  }

  #shared(value: object): string {
    const known = this.#objects.get(value);
    if (known !== undefined) return known;
    const written = Array.isArray(value) ? this.#list(value) : this.#fields(value);
    if (written.length >= REMEMBERED_MIN) this.#objects.set(value, written);
    return written;
  }

  #list(items: readonly unknown[]): string {
    if (items.length === 0) return "[]";
    let written = "";
    for (const item of items) written += written === "" ? this.write(item) : `,${this.write(item)}`;
    return `[${written}]`;
  }

  #fields(fields: object): string {
    let written = "";
    for (const { key, written: start } of this.#formOf(Object.keys(fields)).sorted) {
      const value = (fields as Readonly<Record<string, unknown>>)[key];
      if (value === undefined) continue;
      written += `${written === "" ? "" : ","}${start}${this.write(value)}`;
    }
    return `{${written}}`;
  }

  #formOf(keys: readonly string[]): Form {
    let node = this.#forms;
    for (const key of keys) {
      let next = node.next.get(key);
      if (next === undefined) {
        next = { next: new Map(), form: null };
        node.next.set(key, next);
      }
      node = next;
    }
    // Sorted by UTF-16 units, as the standard has it.
    node.form ??= { sorted: keys.toSorted().map((key) => ({ key, written: `${this.#text(key)}:` })) };
    return node.form;
  }
}
