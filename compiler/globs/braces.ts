import micromatch from "micromatch";
import type { GlobProblem } from "./problem.ts";

/** Patterns that one glob may stand for; past it a glob is a program, not a filter. */
export const GLOB_EXPANSIONS_MAX = 256;

const RANGE = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z]))(?:\.\.(-?\d{1,9}))?$/;

interface OpenBrace {
  readonly start: number;
  commas: number;
  nested: boolean;
}

/**
 * The patterns that a glob with braces stands for, in their order. A linear scan bounds their number
 * before anything is expanded: with nested braces the product of all alternatives is never below it.
 */
export function expandBraces(glob: string): readonly string[] | GlobProblem {
  if (!glob.includes("{") && !glob.includes("}")) return [glob];
  const problem = checkBraces(glob);
  if (problem !== null) return problem;
  return [...new Set(micromatch.braces(glob, { expand: true, keepEscaping: true }))];
}

function checkBraces(glob: string): GlobProblem | null {
  const open: OpenBrace[] = [];
  let product = 1;
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at];
    if (character === "\\") at += 1;
    else if (character === "[") at = classEnd(glob, at);
    else if (character === "{") {
      const parent = open.at(-1);
      if (parent !== undefined) parent.nested = true;
      open.push({ start: at, commas: 0, nested: false });
    } else if (character === ",") {
      const innermost = open.at(-1);
      if (innermost !== undefined) innermost.commas += 1;
    } else if (character === "}") {
      const brace = open.pop();
      if (brace === undefined)
        return { code: "DC1507", detail: "`}` closes nothing; write `\\}` for the character" };
      const count = alternatives(glob, brace, at);
      if (typeof count !== "number") return count;
      product *= count;
      if (product > GLOB_EXPANSIONS_MAX) return tooMany();
    }
  }
  if (open.length > 0)
    return { code: "DC1507", detail: "`{` is never closed; write `\\{` for the character" };
  return null;
}

function alternatives(glob: string, brace: OpenBrace, end: number): number | GlobProblem {
  const body = glob.slice(brace.start + 1, end);
  if (glob[brace.start - 1] === "$") {
    return {
      code: "DC1504",
      detail: `\`\${${body}}\` is not expanded in a glob; write \`\\$\` for the character`,
    };
  }
  if (brace.commas > 0 && body.startsWith("..")) {
    return { code: "DC1504", detail: `\`{${body}}\` is not expanded, for it begins with \`..\`` };
  }
  if (brace.commas > 0) return brace.commas + 1;
  if (brace.nested || !body.includes("..")) return 1;
  const range = RANGE.exec(body);
  if (range === null) {
    return { code: "DC1504", detail: `\`{${body}}\` is not a range; a range is \`{1..9}\` or \`{a..f}\`` };
  }
  const [, low, high, lowerFrom, lowerTo, upperFrom, upperTo, step] = range;
  const from = low === undefined ? letter(lowerFrom ?? upperFrom) : Number(low);
  const to = high === undefined ? letter(lowerTo ?? upperTo) : Number(high);
  const width = Math.floor(Math.abs(to - from) / Math.max(1, Math.abs(Number(step ?? 1)))) + 1;
  return width > GLOB_EXPANSIONS_MAX ? tooMany() : width;
}

function letter(text: string | undefined): number {
  return text === undefined ? 0 : text.charCodeAt(0);
}

function tooMany(): GlobProblem {
  return {
    code: "DC1502",
    detail: `its braces stand for more than ${GLOB_EXPANSIONS_MAX} patterns; write fewer alternatives or several globs`,
  };
}

/** Index of the `]` that ends the class opened at `start`, or `start` itself when none does. */
export function classEnd(text: string, start: number): number {
  const first = text[start + 1] === "!" || text[start + 1] === "^" ? start + 2 : start + 1;
  for (let at = first; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "/") return start;
    else if (text[at] === "]" && at > first) return at;
  }
  return start;
}
