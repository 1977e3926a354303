import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { affectedComponents, discoverComponents, isManifest } from "../../../compiler/components/index.ts";
import { changesBetween } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

const MANIFESTS = [
  "package.json",
  "pnpm-workspace.yaml",
  ".yarnrc.yml",
  "pnpm-lock.yaml",
  "yarn.lock",
  "package-lock.json",
  "Cargo.toml",
  "Cargo.lock",
  "go.mod",
  "go.sum",
  "go.work",
  "pom.xml",
  "pyproject.toml",
  "uv.lock",
];
/** Pieces that manifests are made of, put together in any order. */
const PIECES = [
  '{"name":"a","workspaces":["*","!x"],',
  '"dependencies":{"b":"workspace:*"}',
  "}",
  "[",
  "]",
  '"',
  "'",
  "\\",
  ":",

  "lockfileVersion: '9.0'\n",
  "importers:\n",
  "  .:\n",
  "    dependencies:\n",
  "      b: link:../b\n",
  "? ",
  "- ",
  "|\n",

  "__metadata:\n",
  '"b@npm:1":\n',
  '  resolution: "b@npm:1"\n',
  "b@1:\n  version 1\n",
  "packages:\n",
  "---\n",
  "#",
  "\t",

  "[package]\n",
  'name = "b"\n',
  "[workspace]\n",
  'members = ["**"]\n',
  "[[package]]\n",
  "dependencies = [\n",
  ' "b",\n',

  "module x\n",
  "require (\n",
  ")\n",
  "replace b => ../b\n",
  "use ./b\n",
  " v1 h1:x\n",
  "<project>",
  "</project>",
  "<modules><module>b</module></modules>",
  "<artifactId>b</artifactId>",
  "<!--",
  "[tool.uv.workspace]\n",
  "[project]\n",
  "source = { editable = 'b' }\n",
  "\n",
  "é",
  "\u0000",
  "\uFEFF",
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(""));
const files = fc.dictionary(
  fc
    .tuple(fc.constantFrom("", "b/", "b/c/"), fc.constantFrom(...MANIFESTS))
    .map(([folder, name]) => folder + name),
  fc.oneof(text, fc.uint8Array({ maxLength: 40 })),
  { maxKeys: 8 },
);

describe("hostile manifests", () => {
  it("never make discovery throw, and whatever is not understood is said", () => {
    fc.assert(
      fc.property(files, files, (before, after) => {
        const [base, head] = [treeOf(before), treeOf(after)];
        const found = { base: discoverComponents(base), head: discoverComponents(head) };
        const result = affectedComponents({ ...found, changes: changesBetween(base, head) });
        const roots = new Set(
          [...found.head.graph.components, ...found.base.graph.components].map(({ root }) => root),
        );
        expect(result.affected.every(({ root, because }) => roots.has(root) && because.length > 0)).toBe(
          true,
        );
        expect(found.head.graph.edges.every(({ from, to }) => roots.has(from) && roots.has(to))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("give the same graph whatever the order of the tree", () => {
    fc.assert(
      fc.property(files, (tree) => {
        const turned = Object.fromEntries(Object.entries(tree).reverse());
        expect(discoverComponents(treeOf(turned)).graph).toEqual(discoverComponents(treeOf(tree)).graph);
      }),
    );
  });

  it.each<[string, string, string]>([
    ["deep JSON", "package.json", "[".repeat(500_000)],
    [
      "deep YAML",
      "pnpm-workspace.yaml",
      Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
    ],
    ["deep TOML", "Cargo.toml", `a = ${"[".repeat(300_000)}`],
    [
      "many keys",
      "pnpm-lock.yaml",
      `lockfileVersion: 9\n${Array.from({ length: 200_000 }, (_, key) => `k${key}: 1\n`).join("")}`,
    ],
    [
      "many globs",
      "package.json",
      JSON.stringify({ workspaces: Array.from({ length: 20_000 }, (_, n) => `*a*${n}*/**`) }),
    ],
    [
      "a crafted glob",
      "package.json",
      JSON.stringify({ workspaces: ["*a*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/b"] }),
    ],
    ["deep XML", "pom.xml", "<a>".repeat(300_000)],
    ["many sources", "pyproject.toml", `[project]\nname = "x"\ndependencies = [${'"a",'.repeat(50_000)}]\n`],
    ["a circle of packages", "yarn.lock", circle(50_000)],
    ["one name in many versions", "yarn.lock", manyVersions(3_000)],
  ])("%s costs little", (_, path, content) => {
    const folders = Object.fromEntries(
      Array.from({ length: 200 }, (_unused, index) => [`${"a".repeat(60)}${index}/package.json`, "{}"]),
    );
    const tree = treeOf({
      "package.json": '{"name":"root","dependencies":{"n":"*"}}',
      ...folders,
      [path]: content,
    });
    const before = process.cpuUsage();
    discoverComponents(tree);
    const spent = process.cpuUsage(before);
    expect((spent.user + spent.system) / 1_000).toBeLessThan(1_500);
  });
});

describe("the paths that discovery wants", () => {
  it("are manifests and lockfiles outside of folders with foreign code", () => {
    const paths = [
      "a/package.json",
      "node_modules/x/package.json",
      "a/node_modules/y/yarn.lock",
      "vendor/go.mod",
      "b/go.sum",
    ];
    expect([...paths, "package.json.bak", "src/x.go"].filter(isManifest)).toEqual([
      "a/package.json",
      "b/go.sum",
    ]);
  });
});

function circle(length: number): string {
  const entry = (index: number): string =>
    `p${index}@1:\n  version "1"\n  dependencies:\n    p${(index + 1) % length} "1"\n`;
  return Array.from({ length }, (_, index) => entry(index)).join("\n");
}

/** Every entry asks for a range that none names, which stands for all versions of the name. */
function manyVersions(count: number): string {
  const entry = (index: number): string =>
    `n@${index}:\n  version "${index}"\n  dependencies:\n    n "none"\n`;
  return Array.from({ length: count }, (_, index) => entry(index)).join("\n");
}
