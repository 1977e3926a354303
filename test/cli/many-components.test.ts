import { describe, expect, test } from "vitest";
import { delta } from "./support/delta.ts";
import { hasTerminal, onTerminal } from "./support/on-terminal.ts";
import { makeRepository, type TestRepository } from "./support/repository.ts";

const COUNT = 60;

/** Packages of which each but the first depends on the first, which the last commit changes. */
function manyPackages(): TestRepository {
  const packages = Array.from({ length: COUNT }, (_, index) => {
    const dependencies = index === 0 ? {} : { "p-0": "1.0.0" };
    const folder = `packages/${index === 0 ? "zero" : `p-${index}`}`;
    return [`${folder}/package.json`, JSON.stringify({ name: `p-${index}`, version: "1.0.0", dependencies })];
  });
  const uses = Object.fromEntries(packages.map((_, index) => [`p-${index}`, "1.0.0"]));
  const repository = makeRepository({
    "package.json": JSON.stringify({ name: "all", workspaces: ["packages/*"], dependencies: uses }),
    ...Object.fromEntries(packages),
  });
  repository.commit("change the first", { "packages/zero/index.js": "1" });
  return repository;
}

describe("many components", () => {
  test("a pipe gets all of them, what changed itself first", async () => {
    const { path: cwd } = manyPackages();
    const { stdout } = await delta(["affected", "--base", "HEAD~1"], { cwd });
    expect(stdout).toMatch(
      /^61 components affected, 1 path changed since [0-9a-f]{12}\n {2}p-0 \(packages\/zero\)\n/,
    );
    expect(stdout.match(/^ {2}\w/gm)).toHaveLength(COUNT + 1);
    expect(stdout).not.toContain("--full");
    const graph = await delta(["graph"], { cwd });
    expect(graph.stdout.match(/^\w/gm)).toHaveLength(COUNT + 1);
    expect(graph.stdout).not.toContain("--full");
  });

  test.skipIf(!hasTerminal)("a terminal gets the first ones and how many more there are", async () => {
    const { path: cwd } = manyPackages();
    const affected = await onTerminal(["affected", "--base", "HEAD~1"], { cwd });
    expect(affected).toMatch(
      /since [0-9a-f]{12}\n {2}p-0 \(packages\/zero\)\n {4}A packages\/zero\/index.js\n/,
    );
    expect(affected.trimEnd()).toMatch(/\n {2}… 41 more components; --full lists them all$/);
    expect(affected.match(/^ {2}\w/gm)).toHaveLength(20);
    const graph = await onTerminal(["graph"], { cwd });
    expect(graph.match(/^\w/gm)).toHaveLength(20);
    expect(graph.trimEnd()).toMatch(/\n… 41 more of 61 components; --full lists them all$/);
    expect(graph).toMatch(/^all \(\.\) npm\n(?: {2}→ .*\n){8} {2}… 52 more\n/);
  });

  test.skipIf(!hasTerminal)("a terminal gets all with --full, and in a drawing", async () => {
    const { path: cwd } = manyPackages();
    for (const command of [["affected", "--base", "HEAD~1"], ["graph"]]) {
      const onPipe = await delta(command, { cwd });
      expect(await onTerminal([...command, "--full"], { cwd })).toBe(onPipe.stdout);
    }
    expect((await onTerminal(["graph", "--format", "dot"], { cwd })).match(/label="p-/g)).toHaveLength(COUNT);
  });

  test.skipIf(!hasTerminal)("what a change affects is among the first that a terminal gets", async () => {
    const repository = manyPackages();
    repository.commit("change one in the middle", { "packages/p-9/index.js": "1" });
    const graph = await onTerminal(["graph", "--base", "HEAD~1"], { cwd: repository.path });
    expect(graph).toMatch(/^\* p-9 \(packages\/p-9\)/m);
    expect(graph.match(/^\* /gm)).toHaveLength(2);
  });
});
