import { isGlobProblem, parseGlob } from "../../globs/index.ts";
import { literal } from "../emit.ts";

/** Texts that one pattern may stand for. */
const ALTERNATIVES_MAX = 64;

/** A piece of a text: itself, any run of characters, or one character of a class (`[0-9]`), perhaps several. */
type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "class"; readonly glob: string; readonly repeats: boolean };
type Sequence = readonly Piece[];

interface Alternative {
  readonly pieces: Sequence;
  readonly isFromStart: boolean;
  readonly isToEnd: boolean;
}

export interface PatternCondition {
  readonly condition: string;
  /** What it says less than the pattern does; null when it says the same. */
  readonly note: string | null;
}

/**
 * A condition on `value` that says what the regular expression says, null when there is none. Texts, anchors,
 * alternatives, `.*`, `?` and classes of characters have one; longest runs of a class are cut to a stated length.
 */
export function patternCondition(value: string, pattern: string): PatternCondition | null {
  const [, body = "", flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
  if (body === "" || !/^i?$/.test(flags)) return null;
  const alternatives = patternAlternatives(flags === "i" ? body.toLowerCase() : body);
  if (alternatives === null) return null;
  const subject = flags === "i" ? `lower(${value})` : value;
  const found = alternatives.map((one) => conditionOf(subject, one));
  const conditions = found.flatMap((one) => one?.condition ?? []);
  if (conditions.length < found.length) return null;
  const note = found.find((one) => one?.note)?.note ?? null;
  const unique = [...new Set(conditions)];
  return { condition: unique.length === 1 ? (unique[0] ?? "") : `(${unique.join(" || ")})`, note };
}

/** Whether a fixed text matches; null when the pattern is more than texts, anchors and alternatives. */
export function patternMatches(text: string, pattern: string): boolean | null {
  const [, body = "", flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
  const alternatives = body === "" || flags !== "" ? null : patternAlternatives(body);
  const plain = alternatives?.map((one) => ({ ...one, text: textOf(one.pieces) })) ?? [];
  if (plain.length === 0 || plain.some((one) => one.text === null)) return null;
  return plain.some(({ text: part, isFromStart, isToEnd }) => {
    if (part === null) return false;
    if (isFromStart && isToEnd) return text === part;
    return isFromStart ? text.startsWith(part) : isToEnd ? text.endsWith(part) : text.includes(part);
  });
}

function patternAlternatives(body: string): readonly Alternative[] | null {
  const parser = new PatternParser(body);
  const whole = parser.whole();
  return whole?.map(anchored) ?? null;
}

/** `.*` at an end is no anchor there. */
function anchored({ pieces, isFromStart, isToEnd }: Alternative): Alternative {
  const starts = pieces[0]?.kind === "any";
  const ends = pieces.length > 1 ? pieces.at(-1)?.kind === "any" : starts;
  return {
    pieces: pieces.slice(starts ? 1 : 0, ends && pieces.length > 1 ? -1 : undefined),
    isFromStart: isFromStart && !starts,
    isToEnd: isToEnd && !ends,
  };
}

class PatternParser {
  readonly #body: string;
  #at = 0;

  constructor(body: string) {
    this.#body = body;
  }

  whole(): readonly Alternative[] | null {
    const found: Alternative[] = [];
    do {
      const isFromStart = this.#take("^");
      const sequences = this.#sequences();
      const isToEnd = this.#take("$");
      if (sequences === null) return null;
      found.push(...sequences.map((pieces) => ({ pieces, isFromStart, isToEnd })));
    } while (this.#take("|"));
    return this.#at === this.#body.length && found.length <= ALTERNATIVES_MAX ? found : null;
  }

  /** What stands up to `|`, `)` or `$`, with every inner choice made. */
  #sequences(): readonly Sequence[] | null {
    let all: readonly Sequence[] = [[]];
    while (this.#at < this.#body.length && !/[|)$]/.test(this.#body[this.#at] ?? "")) {
      const one = this.#item();
      if (one === null) return null;
      all = all.flatMap((before) => one.map((after) => [...before, ...after]));
      if (all.length > ALTERNATIVES_MAX) return null;
    }
    return all.map(joined);
  }

  #item(): readonly Sequence[] | null {
    const atom = this.#atom();
    if (atom === null) return null;
    const [only] = atom;
    const piece = atom.length === 1 && only?.length === 1 ? only[0] : undefined;
    if (this.#take("?")) return [[], ...atom];
    const repeats = this.#take("+") ? "+" : this.#take("*") ? "*" : null;
    if (repeats === null) return atom;
    if (piece?.kind !== "class") return null;
    if (piece.glob === "?") return repeats === "*" ? [[{ kind: "any" }]] : [[piece, { kind: "any" }]];
    const several = [{ ...piece, repeats: true }];
    return repeats === "+" ? [several] : [[], several];
  }

  #atom(): readonly Sequence[] | null {
    const rest = this.#body.slice(this.#at);
    if (this.#take("(")) {
      this.#take("?:");
      const found: Sequence[] = [];
      do {
        const sequences = this.#sequences();
        if (sequences === null || found.length > ALTERNATIVES_MAX) return null;
        found.push(...sequences);
      } while (this.#take("|"));
      return this.#take(")") ? found : null;
    }
    const [whole, escaped, set, plain] =
      /^(?:\\([^A-Zabce-z0-9]|d)|(\[[A-Za-z0-9_\-.]+\])|([^\\^$.|?*+()[\]{}]))/.exec(rest) ?? [];
    if (rest.startsWith(".")) {
      this.#at += 1;
      return [[{ kind: "class", glob: "?", repeats: false }]];
    }
    if (whole === undefined) return null;
    this.#at += whole.length;
    if (escaped === "d") return [[{ kind: "class", glob: "[0-9]", repeats: false }]];
    if (set !== undefined) return [[{ kind: "class", glob: set, repeats: false }]];
    return [[{ kind: "text", text: escaped ?? plain ?? "" }]];
  }

  #take(text: string): boolean {
    if (!this.#body.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

/** Neighbouring texts as one. */
function joined(pieces: Sequence): Sequence {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (piece.kind === "text" && last?.kind === "text")
      found[found.length - 1] = { kind: "text", text: last.text + piece.text };
    else found.push(piece);
  }
  return found;
}

function textOf(pieces: Sequence): string | null {
  const [only] = pieces;
  return pieces.length === 1 && only?.kind === "text" ? only.text : null;
}

function conditionOf(value: string, { pieces, isFromStart, isToEnd }: Alternative): PatternCondition | null {
  const text = textOf(pieces);
  if (pieces.length === 0)
    return { condition: isFromStart && isToEnd ? `${value} == ''` : "true", note: null };
  if (text === null) return globCondition(value, { pieces, isFromStart, isToEnd });
  const test = isFromStart ? "starts_with" : isToEnd ? "ends_with" : "contains";
  const condition =
    isFromStart && isToEnd ? `${value} == ${literal(text)}` : `${test}(${value}, ${literal(text)})`;
  return { condition, note: null };
}

/** Lengths of one run that are told apart, by how many runs there are; their product fits one glob. */
const RUN_LENGTHS = [0, 10, 8, 5, 3];

function globCondition(
  value: string,
  { pieces, isFromStart, isToEnd }: Alternative,
): PatternCondition | null {
  // A run at an open end is as good as one character of it.
  const shown = pieces.map((piece, index) =>
    piece.kind === "class" &&
    piece.repeats &&
    ((index === 0 && !isFromStart) || (index === pieces.length - 1 && !isToEnd))
      ? { ...piece, repeats: false }
      : piece,
  );
  const runs = shown.filter((piece) => piece.kind === "class" && piece.repeats).length;
  const longest = RUN_LENGTHS[runs];
  const inner = shown.filter((piece) => piece.kind === "any").length;
  if (longest === undefined || inner > 1) return null;
  const write = (piece: Piece): readonly string[] => {
    if (piece.kind === "text") return [piece.text.replace(/[\\*?[\]{}()!,]/g, "\\$&")];
    if (piece.kind === "any") return ["*", "*/**/*"];
    // A point stands for a slash too, which no sign of a glob does.
    if (piece.glob === "?") return ["?", "/"];
    return [
      piece.repeats
        ? `{${Array.from({ length: longest }, (_, index) => piece.glob.repeat(index + 1)).join(",")}}`
        : piece.glob,
    ];
  };
  let globs: readonly string[] = isFromStart ? [""] : ["*", "**/*"];
  for (const piece of shown) globs = globs.flatMap((before) => write(piece).map((after) => before + after));
  if (!isToEnd) globs = globs.flatMap((before) => [`${before}*`, `${before}*/**`]);
  // Neither a ref nor a path has an empty part.
  globs = globs.filter((glob) => !/^\/|\/\/|\/$/.test(glob));
  if (
    globs.length === 0 ||
    globs.length > ALTERNATIVES_MAX ||
    globs.some((glob) => isGlobProblem(parseGlob(glob)))
  )
    return null;
  const condition = globs.map((glob) => `glob(${literal(glob)}, ${value})`).join(" || ");
  const note = runs === 0 ? null : `runs of more than ${longest} characters do not match here`;
  return { condition: globs.length > 1 ? `(${condition})` : condition, note };
}
