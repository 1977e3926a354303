/** Any request of a client that fetches one commit is far smaller. */
const LINES_MAX = 20_000;
const COMMANDS: ReadonlySet<string> = new Set(["command=ls-refs", "command=fetch"]);

/**
 * True when a client's request (pkt-lines of protocol 0, 1 or 2) asks for no object but this commit
 * and what belongs to it. Anything that cannot be read as such a request is not.
 */
export function asksOnlyFor(commit: string, request: Buffer): boolean {
  let at = 0;
  for (let lines = 0; at < request.length; lines++) {
    const head = request.toString("latin1", at, at + 4);
    if (!/^[0-9a-f]{4}$/.test(head) || lines > LINES_MAX) {
      return false;
    }
    const length = Number.parseInt(head, 16);
    // 0000 flush, 0001 delimiter and 0002 end carry nothing; a length counts its own four digits.
    const size = length < 4 ? 4 : length;
    if (length === 3 || at + size > request.length) {
      return false;
    }
    if (!isHarmless(request.toString("latin1", at + 4, at + size), commit)) {
      return false;
    }
    at += size;
  }
  return true;
}

function isHarmless(line: string, commit: string): boolean {
  if (line.startsWith("want")) {
    const [word, id] = line.trimEnd().split(/[ \0]/, 2);
    return word === "want" && id === commit;
  }
  return !line.startsWith("command=") || COMMANDS.has(line.trimEnd());
}
