import type { Span } from "../../../schemas/diagnostic.ts";
import { Report } from "../../diagnostics/report.ts";
import { type Expression, parseExpression, untrustedName } from "../../expressions/index.ts";
import { unreachable } from "../../unreachable.ts";
import { literal } from "../emit.ts";

/** An expression of ours, or why there is none. */
export type Converted = { readonly text: string; readonly isTrusted: boolean } | { readonly problem: string };

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
  hashfiles: "hash_files",
};

class Unconvertible extends Error {}

/** Names of what an expression may read beside the contexts. */
export interface Scope {
  readonly inputs: ReadonlySet<string>;
  readonly axes: ReadonlySet<string>;
}

/** Converts what stands between `${{` and `}}`. */
export function convertExpression(source: string, scope: Scope): Converted {
  const report = new Report();
  const nowhere = (start: number, end: number): Span => ({ file: "", start, end });
  const parsed = parseExpression(source, nowhere, report);
  if (parsed === null) return { problem: report.settle()[0]?.message ?? "it is no expression" };
  try {
    const text = write(parsed, scope);
    const again = parseExpression(text, nowhere, report);
    return { text, isTrusted: again !== null && untrustedName(again) === null };
  } catch (error) {
    if (!(error instanceof Unconvertible)) throw error;
    return { problem: error.message };
  }
}

function write(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case "literal":
      return typeof expression.value === "string" ? literal(expression.value) : String(expression.value);
    case "list":
      throw new Unconvertible("it has a list");
    case "name":
    case "member":
      return writeName(dotted(expression), scope);
    case "not":
      return `!${bracketed(expression.operand, scope)}`;
    case "binary":
      return writeBinary(expression, scope);
    case "call": {
      const name = FUNCTIONS[expression.name.toLowerCase()];
      if (name === undefined)
        throw new Unconvertible(`the function \`${expression.name}\` has no counterpart`);
      return `${name}(${expression.arguments.map((argument) => write(argument, scope)).join(", ")})`;
    }
    default:
      return unreachable(expression);
  }
}

function bracketed(expression: Expression, scope: Scope): string {
  const text = write(expression, scope);
  return expression.kind === "binary" ? `(${text})` : text;
}

function writeBinary(expression: Extract<Expression, { kind: "binary" }>, scope: Scope): string {
  const { operator, left, right } = expression;
  if (operator === "&&" || operator === "||")
    return `${bracketed(left, scope)} ${operator} ${bracketed(right, scope)}`;
  if (operator === "??" || operator === "in") throw new Unconvertible(`\`${operator}\` is no operator there`);
  return `${eventLiteral(left, right) ?? write(left, scope)} ${operator} ${eventLiteral(right, left) ?? write(right, scope)}`;
}

/** Kinds of events have other names; one without a counterpart can never be true or false for us. */
function eventLiteral(side: Expression, other: Expression): string | null {
  if (side.kind !== "literal" || typeof side.value !== "string") return null;
  if (other.kind === "literal" || other.kind === "call" || dottedOrNull(other) !== "github.event_name")
    return null;
  const kind = EVENTS[side.value];
  if (kind === undefined) throw new Unconvertible(`no event is like \`${side.value}\``);
  return literal(kind);
}

function writeName(path: string, { inputs, axes }: Scope): string {
  const known = Object.hasOwn(NAMES, path) ? NAMES[path] : undefined;
  if (known !== undefined) return known;
  const input = /^(?:inputs|github\.event\.inputs)\.([\w-]+)$/.exec(path)?.[1];
  if (input !== undefined && inputs.has(input)) return `inputs.${input}`;
  const axis = /^matrix\.([\w-]+)$/.exec(path)?.[1];
  if (axis !== undefined && axes.has(axis)) return `matrix.${axis}`;
  throw new Unconvertible(`nothing is like \`${path}\``);
}

function dotted(expression: Expression): string {
  const path = dottedOrNull(expression);
  if (path === null) throw new Unconvertible("it computes a name");
  return path;
}

function dottedOrNull(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "member" || expression.key.kind !== "literal") return null;
  const owner = dottedOrNull(expression.object);
  return owner === null ? null : `${owner}.${String(expression.key.value)}`;
}
