import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LocalBlobStore } from "../../../control-plane/blobs/local-blob-store.ts";

function world() {
  const root = mkdtempSync(join(tmpdir(), "delta-blobs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return { root, store: new LocalBlobStore(root) };
}

const BYTES = Buffer.from("some bytes \0\xff", "latin1");

test("what was put comes back, and nothing else lies about", async () => {
  const { root, store } = world();
  await store.put("logs/a/0", BYTES);
  expect(Buffer.from((await store.get("logs/a/0")) ?? [])).toEqual(BYTES);
  expect(readdirSync(join(root, "logs", "a"))).toEqual(["0"]);
});

test("an unknown key is null and can be deleted", async () => {
  const { store } = world();
  expect(await store.get("x")).toBeNull();
  await store.delete("x");
});

test("the same bytes may be put again, other bytes may not", async () => {
  const { store } = world();
  await store.put("k", BYTES);
  await store.put("k", BYTES);
  await expect(store.put("k", Buffer.from("other"))).rejects.toMatchObject({ code: "exists" });
  expect(Buffer.from((await store.get("k")) ?? [])).toEqual(BYTES);
});

test("two writers of one key: both hold the same bytes or one is told", async () => {
  const { store } = world();
  const results = await Promise.allSettled([
    store.put("k", Buffer.from("one")),
    store.put("k", Buffer.from("two")),
    store.put("k", Buffer.from("one")),
  ]);
  const stored = Buffer.from((await store.get("k")) ?? []).toString();
  const expected = (text: string) => (text === stored ? "fulfilled" : "rejected");
  expect(results.map(({ status }) => status)).toEqual([expected("one"), expected("two"), expected("one")]);
});

test.each([
  [
    "a flipped bit",
    (path: string) =>
      writeFileSync(
        path,
        readFileSync(path).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      ),
  ],
  ["a cut file", (path: string) => truncateSync(path, 35)],
  ["an empty file", (path: string) => truncateSync(path, 0)],
])("%s is never served as good, and a new put heals it", async (_name, damage) => {
  const { root, store } = world();
  await store.put("k", BYTES);
  damage(join(root, "k"));
  await expect(store.get("k")).rejects.toMatchObject({ code: "corrupt" });
  await store.put("k", BYTES);
  expect(Buffer.from((await store.get("k")) ?? [])).toEqual(BYTES);
});

test.each(["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "A", "a/", "a\0b", "x".repeat(200)])(
  "the key %j leads nowhere",
  async (key) => {
    const { store } = world();
    await expect(store.put(key, BYTES)).rejects.toMatchObject({ code: "invalid_key" });
    await expect(store.get(key)).rejects.toMatchObject({ code: "invalid_key" });
  },
);

test("a folder that cannot be written is an error, and nothing is acknowledged", async () => {
  const { root } = world();
  writeFileSync(join(root, "file"), "");
  const store = new LocalBlobStore(join(root, "file"));
  await expect(store.put("k", BYTES)).rejects.toThrow();
});
