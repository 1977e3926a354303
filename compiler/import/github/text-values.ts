import { literal } from "../emit.ts";
import type { Known } from "./known.ts";

/** Texts that are never empty. */
const NEVER_EMPTY = new Set(["ref.full", "ref.name", "ref.kind", "event.head", "event.kind"]);

/** `a || b` of two texts, where it is known of the first one when it is empty; null for any other. */
export function choice(one: Known, other: Known): Known | null {
  if (one.fixed !== undefined && one.type === "string") return one.fixed === "" ? other : one;
  if (one.type !== "string" || other.type !== "string") return null;
  if (NEVER_EMPTY.has(one.text)) return one;
  const [, name] =
    /^\((pr\.(?:source|target)|ref\.default_branch|event\.before|pr\.target_sha) \?\? ''\)$/.exec(one.text) ??
    [];
  return name === undefined
    ? null
    : { text: `(${name} ?? ${other.text.replace(/^\((.*)\)$/, "$1")})`, type: "string" };
}

/** `format('{0}', a)` as texts that are joined; null when it is made of more than texts. */
export function formatted(given: readonly Known[]): Known | null {
  const [pattern, ...values] = given;
  if (pattern?.fixed === undefined || /\{\{|\}\}/.test(pattern.fixed)) return null;
  const parts = pattern.fixed.split(/\{(\d+)\}/);
  const texts = parts.map((part, index) => {
    const value =
      index % 2 === 1 ? values[Number(part)] : { text: literal(part), type: "string", fixed: part };
    return value === undefined || (value.type !== "string" && value.fixed === undefined) ? null : value;
  });
  const known = texts.flatMap((text) => (text === null ? [] : [text]));
  if (known.length < texts.length) return null;
  const fixed = known.map((one) => one.fixed);
  if (fixed.every((one) => one !== undefined)) {
    const text = fixed.join("");
    return { text: literal(text), type: "string", fixed: text };
  }
  const items = known.flatMap((one) =>
    one.fixed === undefined ? [one.text] : one.fixed === "" ? [] : [literal(one.fixed)],
  );
  return { text: `join([${items.join(", ")}], '')`, type: "string" };
}

/** Why a call of a function is not converted. */
export function withoutCounterpart(name: string): string {
  const instead = "; let it run always, and ask in its steps for `needs.JOB.result`";
  return `the function \`${name}\` has no counterpart${name.toLowerCase() === "failure" ? instead : ""}`;
}
