import type { Expression } from "../../expressions/index.ts";
import { unreachable } from "../../unreachable.ts";
import type { Env } from "../emit.ts";
import { converted, dottedOrNull, type Scope } from "./expression.ts";
import { shellWord } from "./holes.ts";
import { type LateScope, type LateValue, lateValue } from "./late.ts";

/** A condition that is decided when the job runs: a command of a shell that ends with 0 where it holds. */
export interface LateTest {
  readonly test: string;
  /** What the command reads. */
  readonly values: readonly LateValue[];
  readonly env: Env;
  readonly notes: readonly string[];
}

/** There texts are compared without regard to case. A last letter keeps line ends from being lost. */
export const TEST_WORDS: readonly string[] = [
  `delta_lower() { printf '%sx' "$1" | tr '[:upper:]' '[:lower:]'; }`,
];

/** Tests of one text in another, by their names in lower case, as patterns of a shell around the part. */
const PATTERNS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  contains: ["*", "*x"],
  startswith: ["", "*x"],
  endswith: ["*", "x"],
};

class Untestable extends Error {}

/** The test, or why there is none. `nth` tells variables of several conditions of one step apart. */
export function lateTest(
  expression: Expression,
  scope: Scope,
  late: LateScope,
  nth: number,
): LateTest | { readonly problem: string } {
  const writing = new Writing(scope, late, nth);
  try {
    const test = writing.test(expression);
    return { test, values: writing.values, env: writing.env, notes: writing.notes };
  } catch (error) {
    if (!(error instanceof Untestable)) throw error;
    return { problem: error.message };
  }
}

/** `failure()` of a job. One that was blocked waited for a job that failed. */
export function failureTest({ needs }: LateScope): LateTest | { readonly problem: string } {
  const env: Record<string, string> = {};
  for (const [job, { id }] of needs) {
    if (id === null)
      return { problem: `\`${job}\` is several jobs, and none of their results is that of all` };
    env[`RESULT_${Object.keys(env).length + 1}`] = `\${{ needs.${id}.result }}`;
  }
  const all = Object.keys(env).map((name) => `$${name}`);
  const test = `case "${all.join(" ")}" in *failed*|*timed_out*|*blocked*) true ;; *) false ;; esac`;
  return { test, values: [], env, notes: [] };
}

class Writing {
  readonly values: LateValue[] = [];
  readonly env: Record<string, string> = {};
  readonly notes: string[] = [];
  readonly #scope: Scope;
  readonly #late: LateScope;
  readonly #nth: number;

  constructor(scope: Scope, late: LateScope, nth: number) {
    this.#scope = scope;
    this.#late = late;
    this.#nth = nth;
  }

  test(expression: Expression): string {
    const planned = converted(expression, this.#scope, true);
    if (!("problem" in planned)) return this.#planned(planned.text, planned.notes);
    switch (expression.kind) {
      case "not":
        return `{ ! ${this.test(expression.operand)}; }`;
      case "binary": {
        const { operator, left, right } = expression;
        if (operator === "&&" || operator === "||")
          return `{ ${this.test(left)} ${operator} ${this.test(right)}; }`;
        if (operator === "==") return this.#same(left, right);
        if (operator === "!=") return `{ ! ${this.#same(left, right)}; }`;
        throw new Untestable(`nothing compares texts by \`${operator}\` when the job runs`);
      }
      case "call": {
        const results = this.#results(expression);
        if (results !== null) return results;
        const pattern = PATTERNS[expression.name.toLowerCase()];
        const [whole, part] = expression.arguments;
        if (pattern === undefined || whole === undefined || part === undefined)
          throw new Untestable(planned.problem);
        return `case $(delta_lower ${this.#text(whole)}) in ${pattern[0]}${lower(this.#literal(part))}${pattern[1]}) true ;; *) false ;; esac`;
      }
      case "name":
      case "member":
        return `[ -n ${this.#text(expression)} ]`;
      case "literal":
      case "list":
        throw new Untestable(planned.problem);
      default:
        return unreachable(expression);
    }
  }

  /** `contains(needs.*.result, 'failure')`; null for anything else. */
  #results({ name, arguments: given }: Extract<Expression, { kind: "call" }>): string | null {
    const [list, word] = given;
    const isMember = list?.kind === "member" && dottedOrNull(list) === "needs.*.result";
    if (name.toLowerCase() !== "contains" || !isMember || word === undefined) return null;
    const text = shellWord(this.#literal(word).toLowerCase());
    const tests = [...this.#late.needs.keys()]
      .filter((job) => job !== "")
      .map((job) => `[ ${this.#read(`needs.${job}.result`)} = ${text} ]`);
    return tests.length === 0 ? "false" : `{ ${tests.join(" || ")}; }`;
  }

  /** What is known when the plan is made comes as a variable that holds `true` or `false`. */
  #planned(text: string, notes: readonly string[] = []): string {
    this.notes.push(...notes);
    if (text === "true" || text === "false") return text;
    const variable = `CONDITION_${this.#nth}_${Object.keys(this.env).length + 1}`;
    this.env[variable] = `\${{ ${text} }}`;
    return `[ "$${variable}" = true ]`;
  }

  #same(left: Expression, right: Expression): string {
    const [one, other] = left.kind === "literal" ? [right, left] : [left, right];
    if (other.kind !== "literal")
      return `[ "$(delta_lower ${this.#text(one)})" = "$(delta_lower ${this.#text(other)})" ]`;
    const text = this.#literal(other);
    const read = this.#text(one);
    if (text.toLowerCase() === text.toUpperCase()) return `[ ${read} = ${shellWord(text)} ]`;
    return `[ "$(delta_lower ${read})" = ${shellWord(`${text.toLowerCase()}x`)} ]`;
  }

  /** A text there is no number, and never a truth. */
  #literal(expression: Expression): string {
    if (expression.kind !== "literal" || typeof expression.value !== "string")
      throw new Untestable("it compares what is known only when the job runs with more than a text");
    if (/[^ -~]/.test(expression.value)) throw new Untestable("it compares letters that shells tell apart");
    return expression.value;
  }

  /** A late value as a word of a shell. */
  #text(expression: Expression): string {
    const path = expression.kind === "name" || expression.kind === "member" ? dottedOrNull(expression) : null;
    if (path === null) throw new Untestable("it computes a value");
    return this.#read(path);
  }

  #read(path: string): string {
    const value = lateValue(path, this.#late);
    if (typeof value === "string") throw new Untestable(value);
    if (value === null) throw new Untestable(`nothing is like \`${path}\``);
    this.values.push(value);
    return `"\${${value.variable}-}"`;
  }
}

function lower(text: string): string {
  return shellWord(text.toLowerCase());
}
