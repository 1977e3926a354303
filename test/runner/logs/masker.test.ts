import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MASK_BYTES_MIN, maskForms } from "../../../runner/logs/mask-forms.ts";
import { Masker } from "../../../runner/logs/masker.ts";

/** The meaning, told the slow way: every byte that any pattern covers, each run of them as three stars. */
function maskWhole(patterns: readonly Buffer[], text: Buffer): string {
  const covered = Array.from(text, () => false);
  for (const pattern of patterns) {
    if (pattern.length === 0) continue;
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1))
      covered.fill(true, at, at + pattern.length);
  }
  let out = "";
  for (const [index, byte] of text.entries())
    if (!covered[index]) out += String.fromCharCode(byte);
    else if (index === 0 || !covered[index - 1]) out += "***";
  return out;
}

function maskInPieces(patterns: readonly Buffer[], pieces: readonly Buffer[]): string {
  const masker = new Masker(patterns);
  return Buffer.concat([...pieces.map((piece) => masker.push(piece)), masker.end()]).toString("latin1");
}

/** Few letters, so that patterns overlap and nearly match all the time. */
const letters = (size: { minLength?: number; maxLength: number }) =>
  fc.array(fc.constantFrom(97, 98, 0xff), size).map((bytes) => Buffer.from(bytes));

test("masking a stream in any pieces is masking the whole text", () => {
  fc.assert(
    fc.property(
      fc.array(letters({ minLength: 1, maxLength: 6 }), { maxLength: 5 }),
      fc.array(letters({ maxLength: 9 }), { maxLength: 12 }),
      (patterns, pieces) => {
        expect(maskInPieces(patterns, pieces)).toBe(maskWhole(patterns, Buffer.concat(pieces)));
      },
    ),
    { numRuns: 3_000 },
  );
});

test("nothing is held back once it can no longer become part of a secret", () => {
  const masker = new Masker([Buffer.from("secret")]);
  expect(masker.push(Buffer.from("a line\nsecre")).toString()).toBe("a line\n");
  expect(masker.push(Buffer.from("d\n")).toString()).toBe("secred\n");
});

test("a value is masked in its base64 form at any offset in a longer text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", minLength: 6, maxLength: 40 }),
      fc.uint8Array({ maxLength: 7 }),
      fc.uint8Array({ maxLength: 7 }),
      fc.constantFrom("base64", "base64url"),
      (value, before, after, encoding) => {
        const secret = Buffer.from(value);
        const text = Buffer.concat([before, secret, after]).toString(encoding);
        const masked = maskInPieces(maskForms([value]), [Buffer.from(text)]);
        // At most the two digits at each edge, which its neighbours decide as well, may remain.
        const kept = Math.ceil((before.length * 8) / 6) + 1 + Math.ceil((after.length * 8) / 6) + 3;
        expect(masked.replace("***", "").length).toBeLessThanOrEqual(kept);
        expect(masked).toContain("***");
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([
  ["in a URL", encodeURIComponent("p@ss w/rd+1"), "p@ss w/rd+1"],
  ["in a URL with small hex digits", "p%40ss%20w%2frd%2b1", "p@ss w/rd+1"],
  ["in a form", "p%40ss+w%2Frd%2B1", "p@ss w/rd+1"],
  ["in JSON", String.raw`line \"one\"\nline two`, 'line "one"\nline two'],
  ["one line of several", "-----KEY-----", "-----KEY-----\r\nAAAABBBB\r\n"],
])("a value is masked %s", (_where, text, value) => {
  expect(maskInPieces(maskForms([value]), [Buffer.from(`<${text}>`)])).toBe("<***>");
});

test("a value too short to be a secret masks nothing", () => {
  expect(maskForms(["a".repeat(MASK_BYTES_MIN - 1), ""])).toEqual([]);
});

test("masking costs time in proportion to the text, whatever the patterns", () => {
  const cost = (size: number): number => {
    const patterns = Array.from({ length: 50 }, (_, index) => Buffer.from(`${"a".repeat(60 + index)}b`));
    const masker = new Masker(patterns);
    const text = Buffer.alloc(size, "a");
    const before = process.cpuUsage();
    masker.push(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  cost(1 << 18);
  const [small, large] = [cost(1 << 18), cost(1 << 21)];
  expect(large).toBeLessThan(Math.max(small, 5) * 8 * 3);
});
