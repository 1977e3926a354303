import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import { Report } from "../../diagnostics/report.ts";
import { type Expression, parseExpression, untrustedName } from "../../expressions/index.ts";
import { unreachable } from "../../unreachable.ts";
import { literal } from "../emit.ts";
import { chosenText } from "./choices.ts";
import type { Known, ValueType } from "./known.ts";
import { choice, formatted, withoutCounterpart } from "./text-values.ts";

/** An expression of ours, or why there is none. */
export type Converted =
  | {
      readonly text: string;
      readonly isTrusted: boolean;
      readonly fixed?: string;
      /** Where it means something else in rare cases. */
      readonly notes?: readonly string[];
    }
  | { readonly problem: string };

/** Contexts that have a counterpart. A text where ours may be null, so it is given a default. */
const NAMES: Readonly<Record<string, string>> = {
  "github.event_name": "event.kind",
  "github.ref": "ref.full",
  "github.ref_name": "ref.name",
  "github.ref_type": "ref.kind",
  "github.sha": "event.head",
  "github.head_ref": "(pr.source ?? '')",
  "github.base_ref": "(pr.target ?? '')",
  "github.event.before": "(event.before ?? '')",
  "github.event.after": "event.head",
  "github.event.action": "(pr.action ?? '')",
  "github.event.number": "(pr.number ?? 0)",
  "github.event.pull_request.number": "(pr.number ?? 0)",
  "github.event.pull_request.draft": "(pr.draft ?? false)",
  "github.event.pull_request.head.sha": "event.head",
  "github.event.pull_request.head.ref": "(pr.source ?? '')",
  "github.event.pull_request.base.ref": "(pr.target ?? '')",
  "github.event.pull_request.base.sha": "(pr.target_sha ?? '')",
  "github.event.pull_request.head.repo.fork": "(pr.from_fork ?? false)",
  "github.event.repository.default_branch": "(ref.default_branch ?? '')",
};

const NUMBERS = new Set(["github.event.number", "github.event.pull_request.number"]);
const BOOLEANS = new Set(["github.event.pull_request.draft", "github.event.pull_request.head.repo.fork"]);

const EVENTS: Readonly<Record<string, string>> = {
  push: "push",
  pull_request: "pull_request",
  workflow_dispatch: "manual",
  schedule: "schedule",
  repository_dispatch: "api",
};

const FUNCTIONS: Readonly<Record<string, string>> = {
  contains: "contains",
  startswith: "starts_with",
  endswith: "ends_with",
  tojson: "to_json",
  fromjson: "from_json",
  hashfiles: "hash_files",
};
/** Functions whose result is no text. */
const RESULTS: Readonly<Record<string, ValueType>> = {
  contains: "boolean",
  starts_with: "boolean",
  ends_with: "boolean",
  from_json: "any",
};

/** Names whose values are words in lower case. */
const ALL_LOWER = new Set(["event.kind", "ref.kind", "event.head", "(pr.action ?? '')"]);

class Unconvertible extends Error {}

/** What an expression may read beside the event. */
export interface Scope {
  readonly inputs: ReadonlySet<string>;
  readonly axes: ReadonlySet<string>;
  /** By dotted name: `inputs.level`, `matrix.os`, `env.LEVEL`, `github.repository`. */
  readonly known?: ReadonlyMap<string, Known>;
}

/** Converts what stands between `${{` and `}}`. `asCondition` asks for a boolean, as `if` does. */
export function convertExpression(source: string, scope: Scope, asCondition = false): Converted {
  const report = new Report();
  const parsed = parseExpression(source, nowhere, report);
  if (parsed === null) return { problem: report.settle()[0]?.message ?? "it is no expression" };
  return converted(parsed, scope, asCondition);
}

/** As above, for an expression that was parsed. */
export function converted(parsed: Expression, scope: Scope, asCondition: boolean): Converted {
  const compared = new Set<string>();
  try {
    const value = write(parsed, { ...scope, compared });
    const text = asCondition ? truth(value) : value.text;
    const again = parseExpression(text, nowhere, new Report());
    const isTrusted = again !== null && untrustedName(again) === null;
    const notes = Array.from(
      compared,
      (part) => `${quote(part)} is compared without regard to case there, and letter by letter here`,
    );
    return {
      text,
      isTrusted,
      ...(value.fixed === undefined || asCondition ? {} : { fixed: value.fixed }),
      ...(notes.length === 0 ? {} : { notes }),
    };
  } catch (error) {
    if (!(error instanceof Unconvertible)) throw error;
    return { problem: error.message };
  }
}

export function nowhere(start: number, end: number): Span {
  return { file: "", start, end };
}

/** A conversion that goes on. */
interface Writing extends Scope {
  /** Texts that were compared where their case can matter. */
  readonly compared: Set<string>;
}

function write(expression: Expression, scope: Writing): Known {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      if (value === null) return { text: "''", type: "string", fixed: "" };
      const type = typeof value === "string" ? "string" : typeof value === "number" ? "number" : "boolean";
      return { text: type === "string" ? literal(String(value)) : String(value), type, fixed: String(value) };
    }
    case "list":
      throw new Unconvertible("it has a list");
    case "name":
    case "member":
      return writeName(dotted(expression), scope);
    case "not": {
      const condition = truth(write(expression.operand, scope));
      return boolean(opposite(condition, expression.operand.kind === "binary"));
    }
    case "binary":
      return writeBinary(expression, scope);
    case "call":
      return writeCall(expression, scope);
    default:
      return unreachable(expression);
  }
}

function writeCall(expression: Extract<Expression, { kind: "call" }>, scope: Writing): Known {
  if (expression.name.toLowerCase() === "format") {
    const text = formatted(expression.arguments.map((argument) => write(argument, scope)));
    if (text !== null) return text;
  }
  const name = FUNCTIONS[expression.name.toLowerCase()];
  if (name === undefined) throw new Unconvertible(withoutCounterpart(expression.name));
  const given = expression.arguments.map((argument) => write(argument, scope));
  if ((name === "contains" || name.endsWith("_with")) && given.every(({ fixed }) => fixed !== undefined)) {
    const [within = "", part = ""] = given.map(({ fixed }) => (fixed ?? "").toLowerCase());
    const test = { contains: "includes", starts_with: "startsWith", ends_with: "endsWith" } as const;
    return boolean(String(within[test[name as keyof typeof test]](part)));
  }
  if (RESULTS[name] === "boolean") for (const one of given) noteCase(one, given, scope);
  return { text: `${name}(${given.map(({ text }) => text).join(", ")})`, type: RESULTS[name] ?? "string" };
}

function boolean(text: string): Known {
  return { text, type: "boolean" };
}

function opposite(condition: string, isBinary: boolean): string {
  if (condition === "true" || condition === "false") return String(condition === "false");
  return isBinary || / [!=]= /.test(condition) ? `!(${condition})` : `!${condition}`;
}

/** Whether a value counts as true there: texts that are not empty, numbers but zero. */
function truth({ text, type, fixed }: Known): string {
  if (type === "boolean") return text;
  if (fixed !== undefined) return String(fixed !== "" && (type !== "number" || Number(fixed) !== 0));
  if (type === "any") throw new Unconvertible(`it asks whether \`${text}\` is there`);
  return type === "string" ? `${text} != ''` : `${text} != 0`;
}

function writeBinary(expression: Extract<Expression, { kind: "binary" }>, scope: Writing): Known {
  const { operator, left, right } = expression;
  if (operator === "||") {
    const chosen = chosenText(expression, (part) => write(part, scope), truth);
    if (chosen !== null) return chosen;
  }
  if (operator === "&&" || operator === "||") return writeLogic(operator, left, right, scope);
  if (operator === "??" || operator === "in") throw new Unconvertible(`\`${operator}\` is no operator there`);
  const ofFork = fromFork(operator, left, right, scope);
  if (ofFork !== null) return ofFork;
  const one = eventLiteral(left, right) ?? write(left, scope);
  const other = eventLiteral(right, left) ?? write(right, scope);
  if (one.fixed !== undefined && other.fixed !== undefined && /^[!=]=$/.test(operator))
    return boolean(String((one.fixed.toLowerCase() === other.fixed.toLowerCase()) === (operator === "==")));
  if (/^[!=]=$/.test(operator)) for (const side of [one, other]) noteCase(side, [one, other], scope);
  if (one.type !== other.type && one.type !== "any" && other.type !== "any")
    throw new Unconvertible(`it compares ${withArticle(one.type)} with ${withArticle(other.type)}`);
  return boolean(`${one.text} ${operator} ${other.text}`);
}

/** A text is compared letter by letter here; there `Main` is `main`. */
function noteCase(part: Known, among: readonly Known[], { compared }: Writing): void {
  const { fixed } = part;
  if (fixed === undefined || part.type !== "string" || fixed.toLowerCase() === fixed.toUpperCase()) return;
  const whole = among.find((other) => other !== part);
  if (whole === undefined || whole.fixed !== undefined || ALL_LOWER.has(whole.text)) return;
  if (whole.text === "ref.full" && /^refs\/(?:heads|tags|pull)\/$/.test(fixed)) return;
  const isOther = (value: string): boolean =>
    value.toLowerCase().includes(fixed.toLowerCase()) && !value.includes(fixed);
  if (whole.values === undefined || whole.values.some(isOther)) compared.add(fixed);
}

function withArticle(type: ValueType): string {
  return type === "string" ? "a text" : `a ${type}`;
}

/** Here `&&` and `||` join conditions; there they choose values as well, which is left out. */
function writeLogic(operator: "&&" | "||", left: Expression, right: Expression, scope: Writing): Known {
  const [one, other] = [write(left, scope), write(right, scope)];
  const chosen = operator === "||" ? choice(one, other) : null;
  if (chosen !== null) return chosen;
  if (one.type !== "boolean" && other.type !== "boolean" && operator === "||")
    throw new Unconvertible("it chooses between values");
  if (other.type === "string" && other.fixed !== undefined)
    throw new Unconvertible("it chooses between values");
  const [a, b] = [truth(one), truth(other)];
  const decides = operator === "&&" ? "false" : "true";
  if (a === decides || b === decides) return boolean(decides);
  const passes = operator === "&&" ? "true" : "false";
  if (a === passes) return boolean(b);
  if (b === passes) return boolean(a);
  const inner = (text: string, side: Expression): string =>
    side.kind === "binary" || / != /.test(text) ? `(${text})` : text;
  return boolean(`${inner(a, left)} ${operator} ${inner(b, right)}`);
}

/** Kinds of events have other names; one without a counterpart never happens here. */
function eventLiteral(side: Expression, other: Expression): Known | null {
  if (side.kind !== "literal" || typeof side.value !== "string") return null;
  if (other.kind === "literal" || other.kind === "call" || dottedOrNull(other) !== "github.event_name")
    return null;
  const kind = EVENTS[side.value.toLowerCase()];
  if (kind === undefined) throw new Unconvertible(`no event is like \`${side.value}\``);
  return { text: literal(kind), type: "string" };
}

const SOURCE_REPOSITORY = "github.event.pull_request.head.repo.full_name";

/** Whether the source of a pull request is this repository; of other events it is none there. */
function fromFork(operator: string, left: Expression, right: Expression, scope: Writing): Known | null {
  const isNamed = (side: Expression, path: string): boolean =>
    (side.kind === "name" || side.kind === "member") && dottedOrNull(side) === path;
  const other = isNamed(left, SOURCE_REPOSITORY) ? right : isNamed(right, SOURCE_REPOSITORY) ? left : null;
  const own = scope.known?.get("github.repository")?.fixed;
  const isOwn =
    other !== null &&
    (isNamed(other, "github.repository") ||
      (other.kind === "literal" &&
        own !== undefined &&
        String(other.value).toLowerCase() === own.toLowerCase()));
  if (!isOwn || !/^[!=]=$/.test(operator)) return null;
  return boolean(operator === "==" ? "!(pr.from_fork ?? true)" : "(pr.from_fork ?? true)");
}

function writeName(path: string, { inputs, axes, known }: Writing): Known {
  const own = known?.get(path) ?? known?.get(path.replace(/^github\.event\.inputs\./, "inputs."));
  if (own !== undefined) return own;
  const name = Object.hasOwn(NAMES, path) ? NAMES[path] : undefined;
  if (name !== undefined)
    return { text: name, type: NUMBERS.has(path) ? "number" : BOOLEANS.has(path) ? "boolean" : "string" };
  const input = /^(?:inputs|github\.event\.inputs)\.([\w-]+)$/.exec(path)?.[1];
  if (input !== undefined && inputs.has(input)) return { text: `inputs.${input}`, type: "any" };
  const axis = /^matrix\.([\w-]+)$/.exec(path)?.[1];
  if (axis !== undefined && axes.has(axis)) return { text: `matrix.${axis}`, type: "any" };
  throw new Unconvertible(`nothing is like \`${path}\``);
}

function dotted(expression: Expression): string {
  const path = dottedOrNull(expression);
  if (path === null) throw new Unconvertible("it computes a name");
  return path;
}

/** `a.b['c']` as `a.b.c`; null for anything with a computed key. */
export function dottedOrNull(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "member" || expression.key.kind !== "literal") return null;
  const owner = dottedOrNull(expression.object);
  return owner === null ? null : `${owner}.${String(expression.key.value)}`;
}
