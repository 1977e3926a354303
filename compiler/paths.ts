/**
 * Paths inside a repository: `/` between names, no leading or trailing one, `.` for the root.
 * Git paths are bytes. A byte that is not UTF-8 is held as the lone surrogate U+DC00 + byte, so a
 * path is one string, two paths are equal exactly when their bytes are, and nothing is lost.
 */
const ESCAPE_BASE = 0xdc00;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The path that these bytes spell. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return decodeByteByByte(bytes);
  }
}

function decodeByteByByte(bytes: Uint8Array): string {
  let path = "";
  for (let index = 0; index < bytes.length; ) {
    const length = sequenceLength(bytes[index] ?? 0);
    const sequence = bytes.subarray(index, index + length);
    const character = length > 0 && sequence.length === length ? decodeSequence(sequence) : null;
    if (character === null) {
      path += String.fromCharCode(ESCAPE_BASE + (bytes[index] ?? 0));
      index += 1;
    } else {
      path += character;
      index += length;
    }
  }
  return path;
}

/** Bytes in the UTF-8 sequence that starts with this byte; 0 when none can. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function decodeSequence(sequence: Uint8Array): string | null {
  try {
    return utf8.decode(sequence);
  } catch {
    return null;
  }
}

/** The bytes that git knows the path by. */
export function encodePath(path: string): Uint8Array {
  if (path.isWellFormed()) return new TextEncoder().encode(path);
  const bytes: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (isEscapedByte(code)) bytes.push(code - ESCAPE_BASE);
    else bytes.push(...new TextEncoder().encode(character));
  }
  return Uint8Array.from(bytes);
}

function isEscapedByte(code: number): boolean {
  return code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff;
}

/** The path for people, plans and JSON: a byte that is not UTF-8 reads `\xff`. */
export function displayPath(path: string): string {
  if (path.isWellFormed()) return path;
  let shown = "";
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    shown += isEscapedByte(code) ? `\\x${(code - ESCAPE_BASE).toString(16)}` : character;
  }
  return shown;
}

/** Below these units the order of bytes is that of the units, in which the engine itself compares. */
const ORDERED_OTHERWISE = /[\ud800-\uffff]/;

/** Order by bytes, as git has it; the same on every machine and in every locale. */
export function comparePaths(left: string, right: string): number {
  if (left === right) return 0;
  if (!ORDERED_OTHERWISE.test(left) && !ORDERED_OTHERWISE.test(right)) return left < right ? -1 : 1;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    return a < 0xd800 && b < 0xd800 ? a - b : compareBytes(encodePath(left), encodePath(right));
  }
  return left.length - right.length;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The folder that holds the path, `.` at the top. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash);
}

/** The last name of the path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path inside a folder, where the folder may be `.`. */
export function inFolder(folder: string, path: string): string {
  return folder === "." ? path : `${folder}/${path}`;
}

/** True for the folder itself and everything below it. */
export function isInside(folder: string, path: string): boolean {
  return folder === "." || path === folder || path.startsWith(`${folder}/`);
}

/** The folders around a path, deepest first, `.` last. */
export function* foldersAround(path: string): Generator<string> {
  for (let slash = path.lastIndexOf("/"); slash >= 0; slash = path.lastIndexOf("/", slash - 1)) {
    yield path.slice(0, slash);
    if (slash === 0) break;
  }
  yield ".";
}

/** A name that is empty, `.` or `..`. */
const STEPS_ASIDE = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * What `relative`, as a manifest writes it (`../a`, `./b/`), means from a folder. null when it is
 * absolute or leads out of the repository.
 */
export function resolveFrom(folder: string, relative: string): string | null {
  if (!STEPS_ASIDE.test(relative)) return inFolder(folder, relative);
  if (relative.startsWith("/")) return null;
  const names = folder === "." ? [] : folder.split("/");
  for (const name of relative.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.length === 0 ? "." : names.join("/");
}
