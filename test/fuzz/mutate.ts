import type { Random } from "./random.ts";

/** Inputs stay small: what is found by size alone belongs to the hostile corpus. */
const BYTES_MAX = 4_096;
const CHANGES_MAX = 6;
const REPEATS_MAX = 40;

/** Pieces that break readers of any language. */
const ODD: readonly Uint8Array[] = [
  ..."\0 \t \r \n \r\n \u00a0 \u2028 \ufeff é 🙂 İ \u202e \ud7ff \uffff"
    .split(" ")
    .map((text) => Buffer.from(text)),
  ...[
    "99999999999999999999",
    "-1",
    "1e309",
    "0x7f",
    "NaN",
    "__proto__",
    "constructor",
    "toString",
    "../",
    "//",
    "\\",
    '"',
    "'",
  ].map((text) => Buffer.from(text)),
  Uint8Array.of(0xff),
  Uint8Array.of(0xc3),
  Uint8Array.of(0xed, 0xa0, 0x80),
];

const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ["[", "]"],
  ["{", "}"],
  ["(", ")"],
  ["<a>", "</a>"],
  ["${{ ", " }}"],
  ['"', '"'],
  ["- ", ""],
  ["? ", ""],
  ["!", ""],
];

/** One input made of the seeds: changed in a few places, in the ways that people, merges and attackers change texts. */
export function mutate(random: Random, seeds: readonly Uint8Array[], tokens: readonly string[]): Uint8Array {
  const words = [...tokens.map((token) => Buffer.from(token)), ...ODD];
  let bytes: Buffer = Buffer.from(random.pick(seeds));
  for (let left = random.below(CHANGES_MAX + 1); left > 0; left -= 1) {
    bytes = change(random, bytes, seeds, words).subarray(0, BYTES_MAX);
  }
  return bytes;
}

function change(
  random: Random,
  bytes: Buffer,
  seeds: readonly Uint8Array[],
  words: readonly Uint8Array[],
): Buffer {
  const [from, to] = range(random, bytes);
  const [before, middle, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
  switch (random.below(9)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[from % flipped.length] = random.below(256);
      return flipped;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, middle, middle, after]);
    case 3:
      return Buffer.concat([before, random.pick(words), bytes.subarray(from)]);
    case 4:
      return Buffer.concat([before, random.pick(words), after]);
    case 5: {
      const other = Buffer.from(random.pick(seeds));
      const [start, end] = range(random, other);
      return Buffer.concat([before, other.subarray(start, end), after]);
    }
    case 6: {
      const [open, close] = random.pick(BRACKETS);
      const times = 1 + random.below(REPEATS_MAX);
      return Buffer.concat([
        before,
        Buffer.from(open.repeat(times)),
        middle,
        Buffer.from(close.repeat(times)),
        after,
      ]);
    }
    case 7:
      return Buffer.concat([
        before,
        ...Array<Uint8Array>(1 + random.below(REPEATS_MAX)).fill(random.pick(words)),
        after,
      ]);
    default:
      return swapLines(random, bytes);
  }
}

function range(random: Random, bytes: Uint8Array): readonly [number, number] {
  const [a, b] = [random.below(bytes.length + 1), random.below(bytes.length + 1)];
  return a < b ? [a, b] : [b, a];
}

function swapLines(random: Random, bytes: Buffer): Buffer {
  const lines = bytes.toString("latin1").split("\n");
  const [a, b] = [random.below(lines.length), random.below(lines.length)];
  [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
  return Buffer.from(lines.join("\n"), "latin1");
}
