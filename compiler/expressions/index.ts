/**
 * The expression language: typed, total, limited in cost, without clock, network or randomness.
 * `parseExpression` and `parseTemplate` read text, `checkExpression` types it against a scope,
 * `evaluateExpression` works it out and says which names were read, `renderTemplate` makes a text of it.
 */
export type { Expression, Template, Value, ValueMap } from "./ast.ts";
export { checkExpression } from "./check.ts";
export { entails, negation } from "./entail.ts";
export { type Evaluation, evaluateExpression, type Scope } from "./evaluate.ts";
export { dottedName, namesIn } from "./names.ts";
export { parseExpression } from "./parser.ts";
export { substitute } from "./substitute.ts";
export { untrustedName } from "./taint.ts";
export { expressionsOf, parseTemplate, renderTemplate } from "./template.ts";
export * from "./types.ts";
