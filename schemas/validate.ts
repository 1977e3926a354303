import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";

export type Validated<T> =
  | { readonly ok: true; readonly value: T }
  /** Names the place as a JSON pointer and what was expected there. */
  | { readonly ok: false; readonly fault: string };

/** Compares something from outside with a schema. Nothing is converted, defaulted or dropped. */
export function validate<Schema extends TSchema>(schema: Schema, value: unknown): Validated<Static<Schema>> {
  if (Value.Check(schema, value)) return { ok: true, value };
  const [first] = Value.Errors(schema, value);
  const place = first?.instancePath === "" ? "the whole value" : first?.instancePath;
  // The library's words for a key that the schema does not have.
  const message = first?.message === "schema is false" ? "is not a known key" : first?.message;
  return { ok: false, fault: first ? `${place}: ${message}` : "does not fit its schema" };
}
