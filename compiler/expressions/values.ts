import type { JsonScalar } from "../../schemas/plan.ts";
import type { Value, ValueMap } from "./ast.ts";
import { READ_CHARACTERS_MAX } from "./limits.ts";

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is ValueMap {
  return value instanceof Map;
}

export function isScalar(value: Value): value is JsonScalar | null {
  return value === null || typeof value !== "object";
}

/** Name of a value's kind, for messages. */
export function kindOf(value: Value): string {
  if (value === null) return "null";
  if (isList(value)) return "a list";
  return isMap(value) ? "a map" : `a ${typeof value}`;
}

/** JSON of a value; keys in the order they were made. */
export function toJson(value: Value): string {
  if (isList(value)) return `[${value.map(toJson).join(",")}]`;
  if (isMap(value)) {
    return `{${Array.from(value, ([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** A parsed JSON document as a Value; depth is bounded by the text's own limit. */
export function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return json.map(fromJson);
  if (typeof json === "object" && json !== null) {
    return new Map(Object.entries(json).map(([key, item]) => [key, fromJson(item)]));
  }
  return json as JsonScalar | null;
}

/** How a value that was read is shown: scalars as they are, the rest as short JSON. */
export function shownRead(value: Value): JsonScalar | null {
  if (isScalar(value) && typeof value !== "string") return value;
  const text = typeof value === "string" ? value : isList(value) ? `a list of ${value.length}` : "a map";
  return text.length > READ_CHARACTERS_MAX ? `${text.slice(0, READ_CHARACTERS_MAX)}…` : text;
}
