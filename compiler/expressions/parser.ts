import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { BinaryOperator, Expression } from "./ast.ts";
import { lexExpression, type Token } from "./lexer.ts";
import { EXPRESSION_CHARACTERS_MAX, EXPRESSION_DEPTH_MAX } from "./limits.ts";

/** Turns offsets inside an expression into a place in its file. */
export type Locate = (start: number, end: number) => Span;

/** From the loosest to the tightest. Comparisons do not chain. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["??"],
];
const COMPARISON_LEVEL = 2;

/** Leaves the parser at the first fault; never leaves this file. */
class SyntaxFault extends Error {
  readonly start: number;
  readonly end: number;
  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** Parses one expression; null with one finding (DC1301, DC1307) when it is not one. */
export function parseExpression(source: string, locate: Locate, report: Report): Expression | null {
  if (source.length > EXPRESSION_CHARACTERS_MAX) {
    const message = `The expression has ${source.length} characters; at most ${EXPRESSION_CHARACTERS_MAX} are read`;
    report.add("DC1307", locate(0, source.length), message);
    return null;
  }
  const tokens = lexExpression(source);
  if ("message" in tokens) {
    report.add("DC1301", locate(tokens.start, tokens.end), tokens.message);
    return null;
  }
  try {
    return new ExpressionParser(tokens, locate).parse();
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    report.add("DC1301", locate(error.start, error.end), error.message);
    return null;
  }
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  readonly #locate: Locate;
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], locate: Locate) {
    this.#tokens = tokens;
    this.#locate = locate;
  }

  parse(): Expression {
    if (this.#isAtEnd()) throw this.#fault("The expression is empty");
    const expression = this.#binary(0);
    if (!this.#isAtEnd()) throw this.#fault(`Unexpected ${this.#shown()} after a whole expression`);
    return expression;
  }

  get #token(): Token {
    const token = this.#tokens[this.#index] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error("an expression has at least its end token");
    return token;
  }

  #isAtEnd(): boolean {
    return this.#token.kind === "end";
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    const start = this.#token.start;
    let left = this.#binary(level + 1);
    for (let count = 0; ; count += 1) {
      const operator = operators.find((candidate) => this.#isOperator(candidate));
      if (operator === undefined) return left;
      if (level === COMPARISON_LEVEL && count > 0)
        throw this.#fault("Comparisons do not chain; join two with `&&`");
      this.#index += 1;
      const right = this.#binary(level + 1);
      left = { kind: "binary", operator, left, right, span: this.#since(start) };
    }
  }

  #unary(): Expression {
    const { start } = this.#token;
    if (!this.#take("!")) return this.#postfix();
    const operand = this.#nested(() => this.#unary());
    return { kind: "not", operand, span: this.#since(start) };
  }

  #postfix(): Expression {
    const start = this.#token.start;
    let expression = this.#primary();
    for (;;) {
      if (this.#take(".")) {
        const key = this.#token;
        if (key.kind !== "name") throw this.#fault("A name must follow `.`");
        this.#index += 1;
        const literal: Expression = {
          kind: "literal",
          value: key.text,
          span: this.#locate(key.start, key.end),
        };
        expression = { kind: "member", object: expression, key: literal, span: this.#since(start) };
      } else if (this.#take("[")) {
        const key = this.#nested(() => this.#binary(0));
        this.#expect("]");
        expression = { kind: "member", object: expression, key, span: this.#since(start) };
      } else {
        return expression;
      }
    }
  }

  #primary(): Expression {
    const token = this.#token;
    const { start } = token;
    if (token.kind === "number" || token.kind === "string") {
      this.#index += 1;
      return { kind: "literal", value: token.value, span: this.#since(start) };
    }
    if (token.kind === "name") return this.#nameOrCall(token.text, start);
    if (this.#take("(")) {
      const inner = this.#nested(() => this.#binary(0));
      this.#expect(")");
      return inner;
    }
    if (this.#take("[")) return { kind: "list", items: this.#items("]"), span: this.#since(start) };
    throw this.#fault(`Expected a value, found ${this.#shown()}`);
  }

  #nameOrCall(name: string, start: number): Expression {
    this.#index += 1;
    if (name === "true" || name === "false") {
      return { kind: "literal", value: name === "true", span: this.#since(start) };
    }
    if (name === "null") return { kind: "literal", value: null, span: this.#since(start) };
    if (!this.#take("(")) return { kind: "name", name, span: this.#since(start) };
    return { kind: "call", name, arguments: this.#items(")"), span: this.#since(start) };
  }

  #items(close: string): readonly Expression[] {
    const items: Expression[] = [];
    if (this.#take(close)) return items;
    do items.push(this.#nested(() => this.#binary(0)));
    while (this.#take(","));
    this.#expect(close);
    return items;
  }

  #nested(parse: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > EXPRESSION_DEPTH_MAX)
      throw this.#fault(`More than ${EXPRESSION_DEPTH_MAX} brackets inside each other`);
    const expression = parse();
    this.#depth -= 1;
    return expression;
  }

  #isOperator(operator: BinaryOperator): boolean {
    const token = this.#token;
    return (token.kind === "sign" || token.kind === "name") && token.text === operator;
  }

  #take(sign: string): boolean {
    const token = this.#token;
    if (token.kind !== "sign" || token.text !== sign) return false;
    this.#index += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#fault(`Expected \`${sign}\`, found ${this.#shown()}`);
  }

  #shown(): string {
    const token = this.#token;
    if (token.kind === "end") return "the end of the expression";
    return token.kind === "string" ? "a string" : `\`${token.kind === "number" ? token.value : token.text}\``;
  }

  #fault(message: string): SyntaxFault {
    return new SyntaxFault(message, this.#token.start, this.#token.end);
  }

  /** From an offset to the end of the token that was taken last. */
  #since(start: number): Span {
    return this.#locate(start, this.#tokens[this.#index - 1]?.end ?? start);
  }
}
