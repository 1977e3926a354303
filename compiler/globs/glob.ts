import { classEnd, expandBraces, GLOB_EXPANSIONS_MAX } from "./braces.ts";
import { type GlobProblem, isGlobProblem } from "./problem.ts";
import { type GlobPattern, matchesPattern, parsePattern } from "./pattern.ts";
import type { MatchBudget } from "./segment.ts";

/** Characters of one glob. The longest that people wrote by hand stay under 200. */
export const GLOB_LENGTH_MAX = 512;

/**
 * A checked glob with micromatch's meaning under `{ dot: true, posix: true }`. Matching it costs at
 * most pattern length times path length; nothing in it can make that exponential.
 */
export interface Glob {
  readonly source: string;
  /** Written with a leading `!`: in a list it takes away what an earlier glob gave. */
  readonly negated: boolean;
  /** What the braces stand for. A path matches when it fits one of them. */
  readonly patterns: readonly GlobPattern[];
}

/** The glob, or why the text is none. Never throws. */
export function parseGlob(source: string): Glob | GlobProblem {
  if (source.length > GLOB_LENGTH_MAX) {
    return {
      code: "DC1501",
      detail: `it has ${source.length} characters; at most ${GLOB_LENGTH_MAX} are allowed`,
    };
  }
  const bangs = /^(?:!(?!\())*/.exec(source)?.[0].length ?? 0;
  const body = source.slice(bangs).replace(/^(?:\.\/)+/, "");
  if (body === "") return { code: "DC1506", detail: "it is empty" };
  if (/^!(?!\()/.test(body)) {
    return { code: "DC1504", detail: "`./!` excludes nothing; write `!` first, or `\\!` for the character" };
  }
  if (/^[A-Za-z]:\\/.test(body)) return outside();
  const unsupported = findUnsupported(body);
  if (unsupported !== null) return unsupported;
  const expanded = expandBraces(body);
  if (isGlobProblem(expanded)) return expanded;
  const patterns: GlobPattern[] = [];
  for (const alternative of expanded) {
    const problem = checkLocation(alternative, source, expanded.length);
    if (problem !== null) return withoutGuess(problem);
    for (const text of literalBrackets(alternative)) {
      const pattern = parsePattern(text);
      if (isGlobProblem(pattern)) return pattern;
      patterns.push(pattern);
    }
    if (patterns.length > GLOB_EXPANSIONS_MAX) {
      return { code: "DC1502", detail: `it stands for more than ${GLOB_EXPANSIONS_MAX} patterns` };
    }
  }
  return { source, negated: bangs % 2 === 1, patterns };
}

/** Syntax that micromatch passes to a regular expression, where a short text can cost hours. */
function findUnsupported(body: string): GlobProblem | null {
  for (let at = 0; at < body.length; at += 1) {
    const character = body[at] ?? "";
    const next = body[at + 1] ?? "";
    if (character === "\\") {
      if (next === "" || /[\w/]/.test(next)) {
        return {
          code: "DC1508",
          detail: "a path has `/` between its parts; `\\` makes the next character literal",
        };
      }
      at += 1;
    } else if (character === "[") {
      at = classEnd(body, at);
    } else if (next === "(" && "@!+*?".includes(character)) {
      return {
        code: "DC1503",
        detail: `\`${character}(\` starts an extended glob, which is not supported; use braces`,
      };
    } else if ('()|"'.includes(character)) {
      return {
        code: "DC1504",
        detail: `\`${character}\` has no meaning in a glob; write \`\\${character}\` for the character`,
      };
    }
    if (body[at + 1] === "+" && (body[at] === "]" || body[at] === "}")) {
      return {
        code: "DC1504",
        detail: "`+` after a class or braces would repeat them; write `\\+` for the character",
      };
    }
  }
  return null;
}

/** What is offered in place of a text must be a glob itself. */
function withoutGuess({ instead, ...problem }: GlobProblem): GlobProblem {
  return instead === undefined || isGlobProblem(parseGlob(instead)) ? problem : { ...problem, instead };
}

function outside(): GlobProblem {
  return { code: "DC1505", detail: "a glob is relative to the repository's root and starts without `/`" };
}

function checkLocation(alternative: string, source: string, alternatives: number): GlobProblem | null {
  if (/^(?:\/|[A-Za-z]:\/)/.test(alternative)) {
    return alternatives === 1 && /^\/[^/]/.test(source)
      ? { ...outside(), instead: source.slice(1) }
      : outside();
  }
  const segments = alternative.split("/");
  if (segments.includes("..")) return { code: "DC1505", detail: "`..` would leave the repository" };
  if (segments.at(-1) === "") {
    const instead = alternatives === 1 && /[^/*]\/$/.test(source) ? { instead: `${source}**` } : {};
    return {
      code: "DC1506",
      detail: "no path ends with `/`; end it with `/**` to mean a folder's files",
      ...instead,
    };
  }
  if (segments.includes("") || segments.includes(".")) {
    return { code: "DC1506", detail: "no path has an empty or `.` part" };
  }
  return null;
}

/**
 * Next to its meaning as a class, `[slug]` also means a file name with these brackets: that is how
 * micromatch reads a class without any of `-*+?.^${}(|)[]`, and how many web frameworks name files.
 */
function literalBrackets(pattern: string): readonly string[] {
  let variants = [""];
  for (let at = 0; at < pattern.length; at += 1) {
    const start = at;
    if (pattern[at] === "\\") at += 1;
    else if (pattern[at] === "[") at = classEnd(pattern, at);
    const piece = pattern.slice(start, at + 1);
    const isWord =
      piece.length > 2 && piece.startsWith("[") && !/[-*+?.^!${}(|)[\]\\]/.test(piece.slice(1, -1));
    if (isWord && variants.length <= GLOB_EXPANSIONS_MAX) {
      variants = variants.flatMap((variant) => [variant + piece, `${variant}\\${piece.slice(0, -1)}\\]`]);
    } else {
      variants = variants.map((variant) => variant + piece);
    }
  }
  return variants;
}

/** Whether the path fits the glob, its leading `!` left aside. */
export function matchesGlob(glob: Glob, path: string, budget: MatchBudget): boolean {
  const segments = path.split("/");
  return glob.patterns.some((pattern) => matchesPattern(pattern, 0, segments, 0, budget));
}
