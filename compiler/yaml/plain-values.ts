/** What a word without quotes stands for, by the core schema of YAML 1.2. Everything else is a string. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...["~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);

const LONGEST_WORD = 5;
const INTEGER = /^[-+]?[0-9]+$/;
const FRACTION = /^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)$/;
/** Numbers in forms that nobody writes into a pipeline. The parser reads them. */
const RARE_NUMBER =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/;

/** The value of a plain scalar; undefined for a form that is left to the parser. */
export function plainValue(source: string): string | number | boolean | null | undefined {
  if (source.length <= LONGEST_WORD) {
    const word = WORDS.get(source);
    if (word !== undefined) return word;
  }
  if (!canBeginNumber(source.charCodeAt(0))) return source;
  if (INTEGER.test(source) || FRACTION.test(source)) return Number(source);
  return RARE_NUMBER.test(source) ? undefined : source;
}

function canBeginNumber(code: number): boolean {
  // The digits, and + - . before them; of the signs in between only the slash and the comma begin no number.
  return code >= 0x2b && code <= 0x39;
}
