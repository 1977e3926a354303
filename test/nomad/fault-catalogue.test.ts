import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CATALOGUE } from "../support/nomad/fault-catalogue.ts";

test.each(CATALOGUE.map((entry) => [entry.what, entry] as const))(
  "there is a test for what happens to calls: %s",
  async (_what, { heldBy }) => {
    expect(heldBy.length).toBeGreaterThan(0);
    for (const [file, words] of heldBy) {
      expect(await readFile(join(import.meta.dirname, "..", file), "utf8")).toContain(words);
    }
  },
);

test("a fault that no test meets from end to end is held by more than one of the others", () => {
  const elsewhere = CATALOGUE.filter(({ met }) => met.length === 0);
  expect(elsewhere.map(({ heldBy }) => heldBy.length > 1)).not.toContain(false);
  expect(elsewhere.length).toBeLessThan(CATALOGUE.length / 4);
});
