import { literal } from "../emit.ts";

/** A condition of ours, or why there is none. */
export type Converted = { readonly condition: string } | { readonly problem: string };

const TOKEN =
  /\s*(?:(\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})|"([^"]*)"|'([^']*)'|(\/(?:[^/\\]|\\.)+\/i?)|(null\b)|(==|!=|=~|!~|&&|\|\||[()]))/y;

type Token =
  | { readonly kind: "variable" | "text" | "pattern"; readonly text: string }
  | { readonly kind: "null" }
  | { readonly kind: "operator"; readonly text: string };

const NOT_PULL_REQUEST = "event.kind != 'pull_request'";

/** What a variable is in a comparison, and when it is set at all. */
const VARIABLES: Readonly<Record<string, { readonly value: string | null; readonly isSet: string | null }>> =
  {
    CI_COMMIT_BRANCH: { value: "ref.name", isSet: `${NOT_PULL_REQUEST} && ref.kind == 'branch'` },
    CI_COMMIT_TAG: { value: "ref.name", isSet: "ref.kind == 'tag'" },
    CI_COMMIT_REF_NAME: { value: "ref.name", isSet: "true" },
    CI_DEFAULT_BRANCH: { value: "(ref.default_branch ?? '')", isSet: "true" },
    CI_MERGE_REQUEST_IID: { value: null, isSet: "event.kind == 'pull_request'" },
    CI_MERGE_REQUEST_ID: { value: null, isSet: "event.kind == 'pull_request'" },
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: {
      value: "(pr.target ?? '')",
      isSet: "event.kind == 'pull_request'",
    },
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: {
      value: "(pr.source ?? '')",
      isSet: "event.kind == 'pull_request'",
    },
  };

const SOURCES: Readonly<Record<string, string>> = {
  push: "push",
  merge_request_event: "pull_request",
  schedule: "schedule",
  web: "manual",
  api: "api",
  trigger: "api",
};

class Unconvertible extends Error {}

/** Converts a GitLab `if`: comparisons of predefined variables, `&&`, `||` and parentheses. */
export function convertCondition(source: string): Converted {
  try {
    return { condition: new ConditionParser(tokensOf(source)).parse() };
  } catch (error) {
    if (!(error instanceof Unconvertible)) throw error;
    return { problem: error.message };
  }
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) throw new Unconvertible(`\`${text.slice(at, at + 40).trim()}\` is not understood`);
    const [, variable, double, single, pattern, none, operator] = found;
    if (variable !== undefined) tokens.push({ kind: "variable", text: variable.replace(/[${}]/g, "") });
    else if (pattern !== undefined) tokens.push({ kind: "pattern", text: pattern });
    else if (none !== undefined) tokens.push({ kind: "null" });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else tokens.push({ kind: "text", text: double ?? single ?? "" });
  }
  return tokens;
}

/** Brackets inside each other; more is nobody's condition. */
const DEPTH_MAX = 32;

class ConditionParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): string {
    const condition = this.#any();
    if (this.#at < this.#tokens.length) throw new Unconvertible("there is more after its end");
    return condition;
  }

  #any(): string {
    const parts = [this.#all()];
    while (this.#takeOperator("||")) parts.push(this.#all());
    return parts.join(" || ");
  }

  #all(): string {
    const parts = [this.#one()];
    while (this.#takeOperator("&&")) parts.push(this.#one());
    return parts.join(" && ");
  }

  #one(): string {
    if (this.#takeOperator("(")) {
      this.#depth += 1;
      if (this.#depth > DEPTH_MAX) throw new Unconvertible("it has too many brackets");
      const inner = this.#any();
      if (!this.#takeOperator(")")) throw new Unconvertible("a bracket is not closed");
      this.#depth -= 1;
      return `(${inner})`;
    }
    const left = this.#next();
    const operator = ["==", "!=", "=~", "!~"].find((text) => this.#takeOperator(text));
    if (operator === undefined) return isSet(left);
    const right = this.#next();
    const isVariable = left.kind === "variable";
    return isVariable ? compare(left, operator, right) : compare(right, operator, left);
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token === undefined || token.kind === "operator") throw new Unconvertible("a value is missing");
    return token;
  }

  #takeOperator(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "operator" || token.text !== text) return false;
    this.#at += 1;
    return true;
  }
}

function isSet(token: Token): string {
  const known = token.kind === "variable" ? VARIABLES[token.text]?.isSet : null;
  if (known === null || known === undefined) throw new Unconvertible(unknownName(token));
  return known;
}

function compare(left: Token, operator: string, right: Token): string {
  if (left.kind !== "variable") throw new Unconvertible("it compares two fixed texts");
  const isNegated = operator.startsWith("!");
  const is = (condition: string): string => (isNegated ? `!(${condition})` : condition);
  if (right.kind === "null") {
    const set = isSet(left);
    return isNegated ? set : `!(${set})`;
  }
  if (left.text === "CI_PIPELINE_SOURCE" && right.kind === "text") {
    const kind = SOURCES[right.text];
    if (kind === undefined) throw new Unconvertible(`no event is like the source \`${right.text}\``);
    return `event.kind ${operator} ${literal(kind)}`;
  }
  const known = VARIABLES[left.text];
  if (known === undefined || known.value === null) throw new Unconvertible(unknownName(left));
  const guard = known.isSet === "true" ? "" : `${known.isSet} && `;
  if (right.kind === "pattern") return is(`${guard}${matches(known.value, right.text)}`);
  const other = right.kind === "text" ? literal(right.text) : VARIABLES[right.text]?.value;
  if (other === null || other === undefined) throw new Unconvertible(unknownName(right));
  return is(`${guard}${known.value} == ${other}`);
}

/** Patterns that are a plain text with or without anchors; the rest has no counterpart. */
function matches(value: string, pattern: string): string {
  const [, start, text = "", end] = /^\/(\^)?((?:[\w\-/ .]|\\[./-])*)(\$)?\/$/.exec(pattern) ?? [];
  const plain = text.replace(/\\(.)/g, "$1");
  const isPlain = plain !== "" && !/(?<!\\)\./.test(text);
  if (!isPlain)
    throw new Unconvertible(`the pattern \`${pattern}\` is more than a plain text with \`^\` and \`$\``);
  if (start && end) return `${value} == ${literal(plain)}`;
  const test = start ? "starts_with" : end ? "ends_with" : "contains";
  return `${test}(${value}, ${literal(plain)})`;
}

function unknownName(token: Token): string {
  return token.kind === "variable"
    ? `nothing is like \`$${token.text}\``
    : "it asks a fixed text whether it is set";
}
