/** Deepest nesting that is followed; `JSON.parse` has already accepted the text by itself. */
const DEPTH_MAX = 200;
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Offsets of the keys in the first two levels of a JSON object, by key and by `section\0key`. One pass
 * over text that `JSON.parse` has accepted; strings and nesting are all it looks at. For a key written
 * twice the last one counts, as it does for `JSON.parse`.
 */
export function findJsonKeys(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const open: number[] = [];
  let section = "";
  let expectKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      const end = stringEnd(text, at);
      if (expectKey && open.length <= 2) {
        const key = stringIn(text, at, end);
        if (open.length === 1) section = key;
        offsets.set(open.length === 1 ? key : `${section}\0${key}`, at);
      }
      expectKey = false;
      at = end;
    } else if (character === OPEN_OBJECT || character === OPEN_LIST) {
      open.push(character);
      expectKey = character === OPEN_OBJECT;
      if (open.length > DEPTH_MAX) return offsets;
    } else if (character === CLOSE_OBJECT || character === CLOSE_LIST) {
      open.pop();
    } else if (character === COMMA) {
      expectKey = open.at(-1) === OPEN_OBJECT;
    }
  }
  return offsets;
}

/** Offset of the quote that ends the string which begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function stringIn(text: string, start: number, end: number): string {
  const written = text.slice(start + 1, end);
  return written.includes("\\") ? (JSON.parse(text.slice(start, end + 1)) as string) : written;
}
