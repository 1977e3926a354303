import { literal, NEVER } from "../emit.ts";
import { type ConditionVariable, PREDEFINED, SOURCES } from "./names.ts";
import { patternCondition, patternMatches } from "./pattern.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A condition of ours, or why there is none. Notes say what it says less than the original. */
export type Converted =
  | { readonly condition: string; readonly notes?: readonly string[] }
  | { readonly problem: string };

/**
 * What a variable is that the server does not predefine; null when nothing is like it. `onlyWhenSet`: the comparison
 * fails for a variable that nobody sets, so that one nobody knows may be taken for unset.
 */
export type VariableLookup = (name: string, onlyWhenSet: boolean) => ConditionVariable | null;

class Unconvertible extends Error {}

/** Converts a GitLab `if`: comparisons of variables, `&&`, `||`, `!` and parentheses. */
export function convertCondition(source: string, lookup: VariableLookup = () => null): Converted {
  try {
    const tokens = tokensOf(source);
    if ("odd" in tokens) throw new Unconvertible(`\`${tokens.odd}\` is not understood`);
    const parser = new ConditionParser(tokens, lookup);
    const condition = parser.parse();
    const notes = [...new Set(parser.notes)];
    return notes.length === 0 ? { condition } : { condition, notes };
  } catch (error) {
    if (!(error instanceof Unconvertible)) throw error;
    return { problem: error.message };
  }
}

/** Brackets inside each other; more is nobody's condition. */
const DEPTH_MAX = 32;

class ConditionParser {
  readonly notes: string[] = [];
  readonly #tokens: readonly Token[];
  readonly #lookup: VariableLookup;
  #at = 0;
  #depth = 0;
  #isNegated = false;

  constructor(tokens: readonly Token[], lookup: VariableLookup) {
    this.#tokens = tokens;
    this.#lookup = lookup;
  }

  parse(): string {
    const condition = this.#any();
    if (this.#at < this.#tokens.length) throw new Unconvertible("there is more after its end");
    return condition;
  }

  #any(): string {
    const parts = [this.#all()];
    while (this.#takeOperator("||")) parts.push(this.#all());
    if (parts.includes("true")) return "true";
    return parts.filter((part) => part !== NEVER).join(" || ") || NEVER;
  }

  #all(): string {
    const parts = [this.#one()];
    while (this.#takeOperator("&&")) parts.push(this.#one());
    if (parts.includes(NEVER)) return NEVER;
    return parts.filter((part) => part !== "true").join(" && ") || "true";
  }

  #one(): string {
    if (this.#takeOperator("!")) {
      const before = this.#isNegated;
      this.#isNegated = true;
      const inner = this.#one();
      this.#isNegated = before;
      return negated(inner);
    }
    if (this.#takeOperator("(")) {
      this.#depth += 1;
      if (this.#depth > DEPTH_MAX) throw new Unconvertible("it has too many brackets");
      const inner = this.#any();
      if (!this.#takeOperator(")")) throw new Unconvertible("a bracket is not closed");
      this.#depth -= 1;
      return inner === "true" || inner === NEVER ? inner : `(${inner})`;
    }
    const left = this.#next();
    const operator = ["==", "!=", "=~", "!~"].find((text) => this.#takeOperator(text));
    if (operator === undefined) return this.#isSet(left, !this.#isNegated);
    const right = this.#next();
    const isSwapped = left.kind !== "variable" && right.kind === "variable" && operator.endsWith("=");
    return isSwapped ? this.#compare(right, operator, left) : this.#compare(left, operator, right);
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

  #known(token: Token, onlyWhenSet: boolean): ConditionVariable {
    if (token.kind !== "variable") throw new Unconvertible("it asks a fixed text whether it is set");
    const own = Object.hasOwn(PREDEFINED, token.text) ? PREDEFINED[token.text] : undefined;
    const known = own ?? this.#lookup(token.text, onlyWhenSet);
    if (known === null) throw new Unconvertible(`nothing is like \`$${token.text}\``);
    return known;
  }

  #isSet(token: Token, onlyWhenSet: boolean): string {
    const { isSet } = this.#known(token, onlyWhenSet);
    if (isSet === null) throw new Unconvertible("it asks whether a value is set that always is");
    return isSet;
  }

  #compare(left: Token, operator: string, right: Token): string {
    if (left.kind !== "variable") throw new Unconvertible("it compares two fixed texts");
    const is = (condition: string): string => (operator.startsWith("!") ? negated(condition) : condition);
    if (left.text === "CI_PIPELINE_SOURCE") return this.#source(operator, right);
    if (right.kind === "null") return is(negated(this.#isSet(left, false)));
    const isNegated = operator.startsWith("!") !== this.#isNegated;
    const asksForText = right.kind === "pattern" || (right.kind === "text" && right.text !== "");
    const known = this.#known(left, !isNegated && asksForText);
    if (known.value === null) throw new Unconvertible(`nothing is like \`$${left.text}\``);
    const guard =
      known.isSet === "true" || known.isSet === null || known.fixed !== undefined ? "" : `${known.isSet} && `;
    if (operator.endsWith("~")) return is(this.#matches(known, right, guard));
    const other =
      right.kind === "text" ? { value: literal(right.text), fixed: right.text } : this.#known(right, false);
    if (other.value === null) throw new Unconvertible(`it asks what \`$${tokenText(right)}\` is`);
    if (known.fixed !== undefined && other.fixed !== undefined)
      return is(String(known.fixed === other.fixed));
    return is(`${guard}${known.value} == ${other.value}`);
  }

  #matches(known: ConditionVariable, right: Token, guard: string): string {
    const pattern = right.kind === "pattern" ? right.text : this.#known(right, false).fixed;
    if (pattern === undefined) throw new Unconvertible("its pattern is no fixed text");
    const answer = known.fixed === undefined ? null : patternMatches(known.fixed, pattern);
    if (answer !== null) return String(answer);
    const found = patternCondition(known.value ?? "''", pattern);
    if (found === null)
      throw new Unconvertible(
        `the pattern \`${pattern}\` is more than texts, anchors, alternatives and classes`,
      );
    if (found.note !== null) this.notes.push(`of \`${pattern}\`, ${found.note}`);
    return found.condition === "true" ? guard.replace(/ && $/, "") || "true" : `${guard}${found.condition}`;
  }

  /** What starts pipelines here has other names, and several of there are one here. */
  #source(operator: string, right: Token): string {
    if (right.kind === "null") return operator.startsWith("!") ? "true" : NEVER;
    if (right.kind !== "text" && right.kind !== "pattern")
      throw new Unconvertible("it compares two variables");
    if (right.kind === "text" && !Object.hasOwn(SOURCES, right.text))
      throw new Unconvertible(`no event is like the source \`${right.text}\``);
    const kinds = Object.entries(SOURCES).flatMap(([source, kind]) => {
      const matches = right.kind === "text" ? source === right.text : patternMatches(source, right.text);
      if (matches === null) throw new Unconvertible(`the pattern \`${right.text}\` is more than texts`);
      return matches && kind !== null ? [kind] : [];
    });
    const isNegated = operator.startsWith("!");
    const tests = [...new Set(kinds)].map((kind) => `event.kind ${isNegated ? "!=" : "=="} ${literal(kind)}`);
    if (tests.length === 0) return isNegated ? "true" : NEVER;
    const joined = tests.join(isNegated ? " && " : " || ");
    return tests.length > 1 ? `(${joined})` : joined;
  }
}

function negated(condition: string): string {
  if (condition === "true") return NEVER;
  return condition === NEVER ? "true" : `!(${condition})`;
}

function tokenText(token: Token): string {
  return "text" in token ? token.text : token.kind;
}
