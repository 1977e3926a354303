import { unreachable } from "../unreachable.ts";

/**
 * Static type of an expression. `any` is a value whose shape only the evaluation knows, such as the
 * result of `from_json`. An optional value may be null and must be given a default before use.
 */
export type Type =
  | { readonly kind: "any" | "null" | "boolean" | "number" | "string" }
  | { readonly kind: "list"; readonly of: Type }
  | { readonly kind: "map"; readonly fields: ReadonlyMap<string, Type>; readonly rest: Type | null }
  | { readonly kind: "optional"; readonly of: Type };

export const ANY: Type = { kind: "any" };
export const NULL: Type = { kind: "null" };
export const BOOLEAN: Type = { kind: "boolean" };
export const NUMBER: Type = { kind: "number" };
export const STRING: Type = { kind: "string" };

export function listOf(of: Type): Type {
  return { kind: "list", of };
}

export function optional(of: Type): Type {
  return of.kind === "optional" || of.kind === "any" || of.kind === "null" ? of : { kind: "optional", of };
}

/** A map with these fields and no other. */
export function mapOf(fields: Readonly<Record<string, Type>> | ReadonlyMap<string, Type>): Type {
  const known = fields instanceof Map ? fields : new Map(Object.entries(fields));
  return { kind: "map", fields: known, rest: null };
}

export function describeType(type: Type): string {
  switch (type.kind) {
    case "any":
      return "any value";
    case "null":
      return "null";
    case "list":
      return `a list of ${describeType(type.of).replace(/^an? /, "")}s`;
    case "optional":
      return `${describeType(type.of)} or null`;
    case "boolean":
    case "number":
    case "string":
    case "map":
      return `a ${type.kind}`;
    default:
      return unreachable(type);
  }
}

/** True when a value of the type can be used where the other is wanted. */
export function isAssignable(type: Type, wanted: Type): boolean {
  if (type.kind === "any" || wanted.kind === "any") return true;
  if (wanted.kind === "optional") {
    return type.kind === "null" || isAssignable(type.kind === "optional" ? type.of : type, wanted.of);
  }
  if (type.kind === "list" && wanted.kind === "list") return isAssignable(type.of, wanted.of);
  return type.kind === wanted.kind;
}

/** The narrowest type that holds both. */
export function unite(a: Type, b: Type): Type {
  if (a.kind === "null") return optional(b);
  if (b.kind === "null") return optional(a);
  if (a.kind === "optional" || b.kind === "optional") {
    return optional(unite(a.kind === "optional" ? a.of : a, b.kind === "optional" ? b.of : b));
  }
  if (a.kind === "list" && b.kind === "list") return listOf(unite(a.of, b.of));
  return a.kind === b.kind && a.kind !== "map" ? a : ANY;
}
