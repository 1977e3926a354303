/** What a hole of a script stands in. `literal`: a here-document in which nothing is filled in. */
export type Quoting = "plain" | "single" | "double" | "literal";

const HOLE = "${{";
const HOLE_END = "}}";

interface HereDocument {
  readonly end: string;
  readonly isLiteral: boolean;
}

/** By the place where it opens, what each `${{` of a shell script stands in. */
export function quotingOfHoles(script: string): ReadonlyMap<number, Quoting> {
  const found = new Map<number, Quoting>();
  /** Quotes and substitutions inside each other, the innermost last. */
  const within: Quoting[] = [];
  const waiting: HereDocument[] = [];
  for (let at = 0; at < script.length; at += 1) {
    const now = within.at(-1) ?? "plain";
    if (script.startsWith(HOLE, at)) {
      found.set(at, now);
      const end = script.indexOf(HOLE_END, at);
      if (end < 0) break;
      at = end + HOLE_END.length - 1;
      continue;
    }
    const character = script[at] ?? "";
    if (now === "single") {
      if (character === "'") within.pop();
    } else if (character === "\\") at += 1;
    else if (character === '"') {
      if (now === "double") within.pop();
      else within.push("double");
    } else if (script.startsWith("$(", at)) {
      within.push("plain");
      at += 1;
    } else if (now === "double") continue;
    else if (character === "'") within.push("single");
    else if (character === "(") within.push("plain");
    else if (character === ")") within.pop();
    else if (character === "#" && /(?:^|[\s;&|(])$/.test(script.slice(Math.max(0, at - 1), at)))
      at = lineEnd(script, at) - 1;
    else if (character === "<") {
      const [whole, end] = /^<<-?\s*(\\?[\w.-]+|'[^'\n]*'|"[^"\n]*")/.exec(script.slice(at, at + 200)) ?? [];
      if (whole === undefined || end === undefined || script[at - 1] === "<") continue;
      waiting.push({ end: end.replace(/['"\\]/g, ""), isLiteral: /['"\\]/.test(end) });
      at += whole.length - 1;
    } else if (character === "\n")
      for (const document of waiting.splice(0)) at = passDocument(script, at + 1, document, found) - 1;
  }
  return found;
}

function lineEnd(script: string, from: number): number {
  const end = script.indexOf("\n", from);
  return end < 0 ? script.length : end;
}

/** Notes the holes of one here-document; where the text goes on behind its last line. */
function passDocument(
  script: string,
  start: number,
  { end, isLiteral }: HereDocument,
  found: Map<number, Quoting>,
): number {
  let at = start;
  while (at < script.length) {
    const stop = lineEnd(script, at);
    const line = script.slice(at, stop);
    if (line.trim() === end) return stop;
    for (let open = line.indexOf(HOLE); open >= 0; open = line.indexOf(HOLE, open + 1))
      found.set(at + open, isLiteral ? "literal" : "double");
    at = stop + 1;
  }
  return at;
}
