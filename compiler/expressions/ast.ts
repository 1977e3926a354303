import type { Span } from "../../schemas/diagnostic.ts";

/** What an expression can compute with. A map is never a plain object, so that no key is special. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;
export type ValueMap = ReadonlyMap<string, Value>;

export type BinaryOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "??" | "in";

/** Node of a parsed expression. Spans are places in the file the expression was written in. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | string; readonly span: Span }
  | { readonly kind: "list"; readonly items: readonly Expression[]; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "member"; readonly object: Expression; readonly key: Expression; readonly span: Span }
  | { readonly kind: "not"; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly span: Span;
    };

/** Text with `${{ }}` in it: literal parts and expressions in their order. */
export interface Template {
  readonly parts: readonly (string | Expression)[];
  /** The whole scalar as written, quotes included. */
  readonly span: Span;
}
