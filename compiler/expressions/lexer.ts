/** One token of an expression; offsets count from the expression's first character. */
export type Token =
  | { readonly kind: "number"; readonly value: number; readonly start: number; readonly end: number }
  | { readonly kind: "string"; readonly value: string; readonly start: number; readonly end: number }
  | { readonly kind: "name"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: "sign"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: "end"; readonly start: number; readonly end: number };

export interface LexProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?![0-9A-Za-z_.])/y;
/** A name may hold `-`, as job ids and matrix axes do; there is no subtraction. */
const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
/** A quote inside is written twice, as in YAML's own single quotes. */
const STRING = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/y;
const SIGN = /==|!=|<=|>=|&&|\|\||\?\?|[<>!()[\].,]/y;

/** Splits an expression into tokens, the last of kind `end`. */
export function lexExpression(source: string): readonly Token[] | LexProblem {
  const tokens: Token[] = [];
  let offset = skipSpace(source, 0);
  while (offset < source.length) {
    const token = readToken(source, offset);
    if (token === null) return describeProblem(source, offset);
    tokens.push(token);
    offset = skipSpace(source, token.end);
  }
  tokens.push({ kind: "end", start: source.length, end: source.length });
  return tokens;
}

function readToken(source: string, start: number): Token | null {
  const number = match(NUMBER, source, start);
  if (number) return { kind: "number", value: Number(number[0]), start, end: start + number[0].length };
  const name = match(NAME, source, start);
  if (name) return { kind: "name", text: name[0], start, end: start + name[0].length };
  const string = match(STRING, source, start);
  if (string) {
    const value = string[1]?.replaceAll("''", "'") ?? string[2]?.replaceAll('""', '"') ?? "";
    return { kind: "string", value, start, end: start + string[0].length };
  }
  const sign = match(SIGN, source, start);
  return sign && { kind: "sign", text: sign[0], start, end: start + sign[0].length };
}

function describeProblem(source: string, start: number): LexProblem {
  const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
  if (character === "'" || character === '"') {
    return { message: `The string that begins here has no closing ${character}`, start, end: source.length };
  }
  const hints: Record<string, string> = {
    "=": "; compare with `==`",
    "&": "; the operator is `&&`",
    "|": "; the operator is `||`",
    "?": "; the operator is `??`",
  };
  const message = `\`${character}\` has no meaning in an expression${hints[character] ?? ""}`;
  return { message, start, end: start + character.length };
}

function match(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(source);
}

function skipSpace(source: string, offset: number): number {
  return offset + (match(SPACE, source, offset)?.[0].length ?? 0);
}
