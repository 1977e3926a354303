import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  comparePaths,
  decodePath,
  displayPath,
  encodePath,
  foldersAround,
  isInside,
  resolveFrom,
} from "../../compiler/paths.ts";

const anyBytes = fc.uint8Array({ maxLength: 24 });
/** Bytes that are often nearly UTF-8. */
const nearText = fc
  .tuple(fc.string({ unit: "binary", maxLength: 8 }), anyBytes, fc.nat(12))
  .map(([text, bytes, cut]) => Uint8Array.from([...Buffer.from(text).subarray(0, cut), ...bytes]));

describe("paths", () => {
  it("keep every byte", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearText), (bytes) => {
        expect([...encodePath(decodePath(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  it("are ordered as their bytes are", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearText), fc.oneof(anyBytes, nearText), (left, right) => {
        const expected = Math.sign(Buffer.compare(left, right));
        expect(Math.sign(comparePaths(decodePath(left), decodePath(right)))).toBe(expected);
      }),
    );
  });

  it("show a byte that is not UTF-8 by its number and leave text alone", () => {
    expect(displayPath(decodePath(Uint8Array.from([0x62, 0xff, 0x2e, 0x74])))).toBe("b\\xff.t");
    expect(displayPath("a b/é😀.txt")).toBe("a b/é😀.txt");
    expect(displayPath(decodePath(Uint8Array.from([0xe2, 0x82])))).toBe("\\xe2\\x82");
  });

  it("name their folders from the deepest to the root", () => {
    expect([...foldersAround("a/b/c.txt")]).toEqual(["a/b", "a", "."]);
    expect([...foldersAround("c.txt")]).toEqual(["."]);
  });

  it("are inside a folder by whole names", () => {
    expect(isInside("packages/k", "packages/kk/file")).toBe(false);
    expect(isInside("packages/k", "packages/k/file")).toBe(true);
    expect(isInside(".", "anything")).toBe(true);
  });

  it("resolve what a manifest writes, and refuse what leads out of the repository", () => {
    expect(resolveFrom("packages/a", "../b/")).toBe("packages/b");
    expect(resolveFrom("packages/a", "../..")).toBe(".");
    expect(resolveFrom(".", "./a/./b")).toBe("a/b");
    expect(resolveFrom("a", "../../b")).toBeNull();
    expect(resolveFrom("a", "/etc")).toBeNull();
  });
});
