/** Deepest nesting that is followed; `JSON.parse` has already accepted the text by itself. */
const DEPTH_MAX = 200;

/**
 * Offsets of the keys in the first two levels of a JSON object, by key and by `section\0key`. One pass
 * over text that `JSON.parse` has accepted; strings and nesting are all it looks at. For a key written
 * twice the last one counts, as it does for `JSON.parse`.
 */
export function findJsonKeys(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const open: string[] = [];
  let section = "";
  let expectKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (expectKey && open.length <= 2 && open.at(-1) === "{") {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        if (open.length === 1) section = key;
        offsets.set(open.length === 1 ? key : `${section}\0${key}`, at);
      }
      expectKey = false;
      at = end;
    } else if (character === "{" || character === "[") {
      open.push(character);
      expectKey = character === "{";
      if (open.length > DEPTH_MAX) return offsets;
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === ",") {
      expectKey = open.at(-1) === "{";
    }
  }
  return offsets;
}

/** Offset of the quote that ends the string which begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
