import { expect, it } from "vitest";
import { discoverComponents, readAhead } from "../../../compiler/components/index.ts";
import type { TreeEntry } from "../../../compiler/input.ts";
import { change } from "../../support/compiler/affected-change.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

const FILES = {
  "package.json": '{ "workspaces": ["p/*"] }',
  "p/a/package.json": '{\n  "name": "a"\n}\n',
  "p/b/package.json": `{
  "dependencies": { "a": "0", "x": { "a": 1 } },
  "name": "b",
  "devDependencies": {
    "a": "1"
  },
  "dependencies": {
    "a": "1"
  }
}
`,
};
const RUNTIME = { file: "p/b/package.json", line: 8, column: 5 };
const DEV = { file: "p/b/package.json", line: 5, column: 5 };

it("tells the line of every edge and name, that of the last for a key written twice", () => {
  const { graph } = discoverComponents(treeOf(FILES));
  const told = JSON.parse(JSON.stringify(graph)) as typeof graph;
  expect(told.edges.map(({ kind, place }) => [kind, place])).toEqual([
    ["dev", DEV],
    ["runtime", RUNTIME],
  ]);
  expect(graph.edges.map(({ place }) => [place?.line, place?.column])).toEqual([
    [5, 5],
    [8, 5],
  ]);
  expect(told.components.find(({ id }) => id === "b")?.manifest).toEqual({ ...DEV, line: 3, column: 3 });
});

it("gives a plain place to whoever hands a cause on", () => {
  const { affected } = change(FILES, { ...FILES, "p/a/package.json": '{ "name": "a", "version": "2.0.0" }' });
  const causes = affected.find(({ id }) => id === "b")?.because ?? [];
  expect(causes.map((cause) => ("place" in cause ? Object.entries(cause.place ?? {}) : []))).toEqual([
    Object.entries(DEV),
    Object.entries(RUNTIME),
  ]);
});

it("takes no link for a manifest that was read ahead", () => {
  const tree = treeOf({ "package.json": '{ "name": "linked" }' });
  const [file] = tree.entries.values();
  const link: TreeEntry = { path: "package.json", blob: file?.blob ?? "", mode: "120000" };
  readAhead(link, Buffer.from('{ "name": "linked" }'));
  const entries = new Map([[link.path, link]]);
  expect(discoverComponents({ ...tree, entries }).graph.components).toEqual([]);
});

it("tells what is wrong with a manifest that could not be read ahead", () => {
  const tree = treeOf({ "package.json": '{ "name": ' });
  for (const [path, file] of tree.entries) readAhead(file, tree.contents.get(path) ?? new Uint8Array());
  expect(discoverComponents(tree).unreadable).toEqual([
    { path: "package.json", why: expect.stringContaining("it is not JSON") as string },
  ]);
});
