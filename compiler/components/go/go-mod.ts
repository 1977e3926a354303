import type { Place } from "../../../schemas/diagnostic.ts";
import { Unusable } from "../manifest-text.ts";

/** A directive of a `go.mod` or `go.work`, with its words and where its first one stands. */
export interface GoDirective {
  readonly verb: string;
  readonly words: readonly string[];
  readonly place: Place;
}

/** Reads `go.mod` and `go.work`: a directive a line, or many in a block. Throws Unusable, naming the line. */
export function readGoDirectives(file: string, text: string): GoDirective[] {
  const directives: GoDirective[] = [];
  let block: string | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = withoutComment(raw).trimEnd();
    const words = wordsOf(line, index + 1);
    const [first] = words;
    if (first === undefined) continue;
    const place = { file, line: index + 1, column: line.length - line.trimStart().length + 1 };
    if (block !== null && first === ")") {
      block = null;
    } else if (block !== null) {
      directives.push({ verb: block, words, place });
    } else if (words.at(-1) === "(") {
      block = first;
    } else {
      directives.push({ verb: first, words: words.slice(1), place });
    }
  }
  if (block !== null) throw new Unusable(`the block \`${block} (\` is never closed`);
  return directives;
}

/** A comment begins with `//` after a space or at the start; module paths hold `//` nowhere. */
function withoutComment(line: string): string {
  const start = /(?:^|\s)\/\//.exec(line)?.index;
  return start === undefined ? line : line.slice(0, start);
}

function wordsOf(line: string, number: number): string[] {
  const words: string[] = [];
  for (const [, quoted, raw, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+)/g)) {
    const word = quoted ?? raw ?? plain ?? "";
    if (plain !== undefined && /^["`]/.test(plain))
      throw new Unusable(`line ${number} has a quote that does not end`);
    words.push(word);
  }
  return words;
}
