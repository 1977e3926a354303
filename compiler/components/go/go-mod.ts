import type { Place } from "../../../schemas/diagnostic.ts";
import { Unusable } from "../manifest-text.ts";

/** A directive of a `go.mod` or `go.work`, with its words and where its first one stands. */
export interface GoDirective {
  readonly verb: string;
  readonly words: readonly string[];
  readonly place: Place;
}

const VERB = /^[a-z]+$/;

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
    if (block !== null && words.length === 1 && first === ")") {
      block = null;
    } else if (block === null && words.length === 2 && words[1] === "(" && VERB.test(first)) {
      block = first;
    } else if (words.some((word) => word === "(" || word === ")")) {
      // Nothing stands in a block that ends where it begins; any other bracket is out of place.
      const isEmptyBlock = block === null && words.length === 3 && words[1] === "(" && words[2] === ")";
      if (!isEmptyBlock) throw new Unusable(`line ${index + 1} has a bracket out of place`);
    } else if (block !== null) {
      directives.push({ verb: block, words, place });
    } else if (VERB.test(first)) {
      directives.push({ verb: first, words: words.slice(1), place });
    } else {
      throw new Unusable(`line ${index + 1} has no directive`);
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

/** Quoted, raw, a bracket, which needs no space around it, or plain. */
const WORD = /"((?:[^"\\]|\\.)*)"|`([^`]*)`|([()]|[^\s()]+)/g;

function wordsOf(line: string, number: number): string[] {
  const words: string[] = [];
  for (const [, quoted, raw, plain] of line.matchAll(WORD)) {
    const word = quoted ?? raw ?? plain ?? "";
    if (plain !== undefined && /^["`]/.test(plain))
      throw new Unusable(`line ${number} has a quote that does not end`);
    words.push(word);
  }
  return words;
}
