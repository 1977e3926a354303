import { classEnd } from "./braces.ts";
import type { GlobProblem } from "./problem.ts";

/** Work left, counted in compared characters. Shared by many matches so that their sum is bounded. */
export interface MatchBudget {
  left: number;
}

export interface CharacterClass {
  readonly negated: boolean;
  /** Pairs of UTF-16 code units, both ends included. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** A code unit that must be there, any one unit, any run of units, or one unit of a class. */
export type SegmentToken = number | "?" | "*" | CharacterClass;

/** What one part of a path between slashes must look like. */
export type SegmentPattern =
  | { readonly kind: "literal"; readonly text: string }
  /** Any run of segments, also none. */
  | { readonly kind: "globstar" }
  /** One star between fixed text; by far the commonest pattern, and it needs no search. */
  | { readonly kind: "affix"; readonly prefix: string; readonly suffix: string }
  | { readonly kind: "tokens"; readonly tokens: readonly SegmentToken[] };

/** Escapes, `*`, `?` and classes of one segment; braces are expanded before. */
export function parseSegment(text: string): SegmentPattern | GlobProblem {
  if (text === "**") return { kind: "globstar" };
  const tokens: SegmentToken[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\\") {
      at += 1;
      tokens.push(text.charCodeAt(at));
    } else if (character === "*") {
      if (tokens.at(-1) !== "*") tokens.push("*");
    } else if (character === "?") {
      tokens.push("?");
    } else if (character === "[") {
      const end = classEnd(text, at);
      const parsed = end === at ? unclosed() : parseClass(text.slice(at + 1, end));
      if ("code" in parsed) return parsed;
      tokens.push(parsed);
      at = end;
    } else {
      tokens.push(text.charCodeAt(at));
    }
  }
  return simplify(tokens);
}

function unclosed(): GlobProblem {
  return { code: "DC1507", detail: "`[` is never closed in its path segment; write `\\[` for the character" };
}

function parseClass(body: string): CharacterClass | GlobProblem {
  const negated = body[0] === "!" || body[0] === "^";
  const units: { readonly code: number; readonly dash: boolean }[] = [];
  for (let at = negated ? 1 : 0; at < body.length; at += 1) {
    if (body[at] === "[" && body[at + 1] === ":") {
      return {
        code: "DC1504",
        detail: `\`[${body}]\` names a POSIX class; write the characters, such as \`[a-z]\``,
      };
    }
    const escaped = body[at] === "\\";
    if (escaped) at += 1;
    units.push({ code: body.charCodeAt(at), dash: !escaped && body[at] === "-" });
  }
  const ranges: [number, number][] = [];
  for (let at = 0; at < units.length; at += 1) {
    const from = units[at];
    const to = units[at + 2];
    if (from === undefined) break;
    if (units[at + 1]?.dash === true && to !== undefined) {
      if (to.code < from.code) {
        return { code: "DC1504", detail: `the range in \`[${body}]\` runs backwards` };
      }
      ranges.push([from.code, to.code]);
      at += 2;
    } else {
      ranges.push([from.code, from.code]);
    }
  }
  return { negated, ranges };
}

function simplify(tokens: readonly SegmentToken[]): SegmentPattern {
  const stars = tokens.filter((token) => token === "*").length;
  const fixed = tokens.every((token) => token === "*" || typeof token === "number");
  if (!fixed || stars > 1) return { kind: "tokens", tokens };
  const star = tokens.indexOf("*");
  if (star === -1) return { kind: "literal", text: toText(tokens) };
  return { kind: "affix", prefix: toText(tokens.slice(0, star)), suffix: toText(tokens.slice(star + 1)) };
}

function toText(tokens: readonly SegmentToken[]): string {
  return tokens.map((token) => (typeof token === "number" ? String.fromCharCode(token) : "")).join("");
}

/** Fixed text is compared so many characters at a time, next to what a search takes for one. */
const FIXED_CHARACTERS_PER_WORK = 16;

/** Whether the segment fits. Cost is at most tokens times characters, and is taken from the budget. */
export function matchesSegment(pattern: SegmentPattern, text: string, budget: MatchBudget): boolean {
  if (pattern.kind === "literal") return pattern.text === text;
  if (pattern.kind === "globstar") return true;
  if (pattern.kind === "tokens") return matchesTokens(pattern.tokens, text, budget);
  const { prefix, suffix } = pattern;
  budget.left -= Math.floor((prefix.length + suffix.length) / FIXED_CHARACTERS_PER_WORK);
  return text.length >= prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix);
}

/**
 * Takes each star as short as possible and, on a mismatch, gives the last star one more character.
 * Earlier stars never need another try: whatever they could take, the last one can take too.
 */
function matchesTokens(tokens: readonly SegmentToken[], text: string, budget: MatchBudget): boolean {
  let at = 0;
  let token = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < text.length) {
    budget.left -= 1;
    const expected = tokens[token];
    if (expected === "*") {
      starToken = token;
      starAt = at;
      token += 1;
    } else if (expected !== undefined && fits(expected, text.charCodeAt(at))) {
      token += 1;
      at += 1;
    } else if (starToken >= 0) {
      starAt += 1;
      at = starAt;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === "*") token += 1;
  return token === tokens.length;
}

function fits(token: Exclude<SegmentToken, "*">, unit: number): boolean {
  if (typeof token === "number") return token === unit;
  if (token === "?") return true;
  for (const range of token.ranges) if (range[0] <= unit && unit <= range[1]) return !token.negated;
  return token.negated;
}
