import { expect, test } from "vitest";
import { readGoDirectives } from "../../../../compiler/components/go/go-mod.ts";
import { Unusable } from "../../../../compiler/components/manifest-text.ts";

const shown = (text: string): string[] =>
  readGoDirectives("go.mod", text).map(({ verb, words }) => [verb, ...words].join(" "));

test("a bracket needs no space around it", () => {
  const text = "module x\nrequire(\n\ta v1\n\tb v2 // indirect\n)\nreplace a => ../a\nexclude ()\n";
  expect(shown(text)).toEqual(["module x", "require a v1", "require b v2", "replace a => ../a"]);
});

test.each([
  ["use (((", "line 1 has a bracket out of place"],
  ["require (\n a v1 )\n", "line 2 has a bracket out of place"],
  ["module x\n)\n", "line 2 has a bracket out of place"],
  ["require (\n a v1\n", "the block `require (` is never closed"],
  ["<<<<<<< ours\nmodule x\n", "line 1 has no directive"],
  ['module "x\n', "line 1 has a quote that does not end"],
])("%j is no directive and is said, not skipped", (text, why) => {
  expect(() => shown(text)).toThrow(new Unusable(why));
});
