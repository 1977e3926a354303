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

/** What objects with the same keys in the same order share. */
interface Form {
  readonly keys: readonly string[];
  /** Where each key stands, in the order in which they are written. */
  readonly order: readonly number[];
  /** Each key as it is written, with its colon. */
  readonly starts: readonly string[];
  /** What the last object had under each key. The instances of a job differ in few of theirs. */
  readonly last: { value: unknown; written: string }[];
}

/** Forms by their keys, one key after another. */
interface FormNode {
  readonly next: Map<string, FormNode>;
  form: Form | null;
}

/** Writes values that may share parts. What it wrote counts as long as it is plain and well formed. */
export class CanonicalWriter {
  /** False once the package has to be asked. */
  isPlain = true;
  isWellFormed = true;
  readonly #objects = new Map<object, string>();
  readonly #forms: FormNode = { next: new Map(), form: null };
  /** The form met last, by how many keys it has: what is alike mostly comes one after another. */
  readonly #recent: Form[] = [];

  write(value: unknown): string {
    if (typeof value === "string") return this.#text(value);
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "object") return this.#shared(value);
    this.isPlain &&= Number.isFinite(value);
    return this.isPlain ? JSON.stringify(value) : "";
  }

  /** The same for one of many that are alike and stand in one place alone. */
  writeAlike(fields: object): string {
    return this.#fields(fields);
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
    return `[${items.map((item) => this.write(item)).join(",")}]`;
  }

  #fields(fields: object): string {
    const { order, starts, last } = this.#formOf(Object.keys(fields));
    const values: readonly unknown[] = Object.values(fields);
    const written: string[] = [];
    // Counted, for an iterator makes an object for each of a million fields while this is not compiled well.
    for (let at = 0; at < order.length; at += 1) {
      const index = order[at] ?? 0;
      const value = values[index];
      if (value === undefined) continue;
      const known = (last[index] ??= { value: undefined, written: "" });
      if (known.value !== value) {
        known.written = `${starts[index]}${this.write(value)}`;
        known.value = value;
      }
      written.push(known.written);
    }
    // Joined at once: a text that is added to piece by piece is kept as its pieces, and there would be a million.
    return `{${written.join(",")}}`;
  }

  #formOf(keys: readonly string[]): Form {
    const recent = this.#recent[keys.length];
    if (recent !== undefined && recent.keys.every((key, index) => key === keys[index])) return recent;
    const form = this.#findForm(keys);
    this.#recent[keys.length] = form;
    return form;
  }

  #findForm(keys: readonly string[]): Form {
    let node = this.#forms;
    for (const key of keys) {
      let next = node.next.get(key);
      if (next === undefined) {
        next = { next: new Map(), form: null };
        node.next.set(key, next);
      }
      node = next;
    }
    node.form ??= this.#newForm(keys);
    return node.form;
  }

  /** Sorted by UTF-16 units, as the standard has it. */
  #newForm(keys: readonly string[]): Form {
    const order = [...keys.keys()].sort((a, b) => ((keys[a] ?? "") < (keys[b] ?? "") ? -1 : 1));
    return { keys, order, starts: keys.map((key) => `${this.#text(key)}:`), last: [] };
  }
}
