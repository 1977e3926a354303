/** Texts that are no globs, and why. */
export const REFUSED_GLOBS: readonly (readonly [name: string, glob: string, code: string])[] = [
  ["G2 a repeated group", "+(a|aa)", "DC1503"],
  ["G2 a repeated group in another", "+(+(a))", "DC1503"],
  ["G2 a group that excludes", "!(a)", "DC1503"],
  ["G3 a range of two hundred thousand", "{1..200000}", "DC1502"],
  ["G3 sixteen pairs", "{a,b}".repeat(16), "DC1502"],
  ["G3 pairs in pairs", "{{a,b},{c,d}}".repeat(30), "DC1502"],
  ["G3 classes", "[ab]".repeat(20), "DC1502"],
  ["G6 an absolute path", "/abs", "DC1505"],
  ["G6 a path that leads out", "../x", "DC1505"],
  ["G6 a drive", "C:\\x", "DC1505"],
  ["G7 nothing", "", "DC1506"],
  ["G7 a lone exclamation mark", "!", "DC1506"],
  ["G8 four kilobytes of stars", "*".repeat(4_096), "DC1501"],
  ["G8 one character too many", "a".repeat(513), "DC1501"],
  ["a nested repetition", "(a+)+", "DC1504"],
];

/** Globs whose cost grows out of hand in a matcher that goes back, each with a path that makes it do so. */
export const CRAFTED_GLOBS: readonly (readonly [name: string, glob: string, path: string])[] = [
  ["G1 stars between letters", "*a*a*a*a*a*a*b", "a".repeat(60)],
  ["G1 two hundred of them", `${"*a".repeat(200)}b`, "a".repeat(4_000)],
  ["G6 sixty globstars between names", `${"**/a/".repeat(60)}b`, `${"a/".repeat(1_000)}a`],
  ["G6 a hundred and fifty globstars", `${"**/".repeat(150)}b`, `${"a/".repeat(2_000)}a`],
  ["question marks around a star", `${"?".repeat(250)}*${"?".repeat(250)}b`, "a".repeat(4_000)],
];
