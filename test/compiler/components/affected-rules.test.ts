import { describe, expect, it } from "vitest";
import {
  type AffectedOptions,
  type AffectedResult,
  affectedComponents,
  type DiscoverOptions,
  discoverComponents,
} from "../../../compiler/components/index.ts";
import type { ChangedPath } from "../../../schemas/changes.ts";
import { changesBetween, changeSet } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

type Files = Readonly<Record<string, string>>;

/** The result of a change to some files; null removes one. */
function change(
  files: Files,
  edits: Readonly<Record<string, string | null>>,
  options: DiscoverOptions & AffectedOptions = {},
): AffectedResult {
  const after = Object.entries({ ...files, ...edits }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const [base, head] = [treeOf(files), treeOf(Object.fromEntries(after))];
  return affectedComponents({
    head: discoverComponents(head, options),
    base: discoverComponents(base, options),
    changes: changesBetween(base, head),
    options,
  });
}

const roots = (result: AffectedResult): string[] => result.affected.map(({ root }) => root);
const codes = (result: AffectedResult): string[] => result.uncertain.map(({ code }) => code);

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const WORKSPACE: Files = {
  "package.json": json({ name: "root", workspaces: ["packages/*"] }),
  "packages/a/package.json": json({ name: "a", version: "1.0.0" }),
  "packages/a/x.js": "1",
  "packages/b/package.json": json({ name: "b", dependencies: { a: "^1.0.0" } }),
  "packages/c/package.json": json({ name: "c", devDependencies: { b: "*" } }),
  "packages/d/package.json": json({ name: "d" }),
};

describe("what is affected", () => {
  it("is told with the manifest line of each dependency, one step nearer to the change each", () => {
    const { affected } = change(WORKSPACE, { "packages/a/x.js": "2" });
    expect(affected).toEqual([
      {
        id: "a",
        root: "packages/a",
        kind: "npm",
        because: [{ cause: "path", path: "packages/a/x.js", status: "M" }],
      },
      {
        id: "b",
        root: "packages/b",
        kind: "npm",
        because: [
          {
            cause: "dependency",
            on: "packages/a",
            edge: "runtime",
            place: { file: "packages/b/package.json", line: 4, column: 5 },
          },
        ],
      },
      {
        id: "c",
        root: "packages/c",
        kind: "npm",
        because: [
          {
            cause: "dependency",
            on: "packages/b",
            edge: "dev",
            place: { file: "packages/c/package.json", line: 4, column: 5 },
          },
        ],
      },
    ]);
  });

  it("is nothing when nothing changed, and everything, by name, when the base is unknown", () => {
    expect(roots(change(WORKSPACE, {}))).toEqual([]);
    const head = discoverComponents(treeOf(WORKSPACE));
    const doubt = { code: "history_shallow", detail: "cut off", paths: [], added: ["*"] } as const;
    const changes = { ...changeSet([]), changed: null, uncertain: [doubt] };
    const result = affectedComponents({ head, base: null, changes });
    expect(roots(result)).toEqual([".", "packages/a", "packages/b", "packages/c", "packages/d"]);
    expect(result.affected[0]?.because).toEqual([
      { cause: "uncertain", code: "history_shallow", detail: "cut off" },
    ]);
    expect(result.direct).toEqual([]);
  });

  it("follows the policy for paths that no component owns", () => {
    const edits = { "tsconfig.json": "{}" };
    const everything = change(WORKSPACE, edits);
    expect(everything.uncertain).toMatchObject([
      { code: "path_unowned", paths: ["tsconfig.json"], added: ["*"] },
    ]);
    const named = change(WORKSPACE, edits, { unowned: ["a"] });
    expect(roots(named)).toEqual(["packages/a", "packages/b", "packages/c"]);
    expect(named.uncertain).toEqual([]);
    const refused = change(WORKSPACE, edits, { unowned: "error" });
    expect(refused.diagnostics).toMatchObject([{ code: "DC1704", severity: "error" }]);
    const mistyped = change(WORKSPACE, edits, { unowned: ["root", "bb"] });
    expect(mistyped.diagnostics).toMatchObject([
      { code: "DC1703", message: expect.stringContaining("`b`") as string },
    ]);
  });

  it("leaves out ignored paths and takes a global input for every component", () => {
    const ignored = change(WORKSPACE, { "docs/x.md": "1" }, { ignored: (path) => path.endsWith(".md") });
    expect([roots(ignored), codes(ignored)]).toEqual([[], []]);
    const global = change(
      WORKSPACE,
      { "packages/d/x": "1" },
      { globalInput: (path) => path === "packages/d/x" },
    );
    expect(roots(global)).toHaveLength(5);
    expect(codes(global)).toEqual(["global_input_changed"]);
  });

  it("widens for a setting of the root manifest that speaks for all, and not for its scripts", () => {
    const engines = change(WORKSPACE, {
      "package.json": json({ name: "root", workspaces: ["packages/*"], engines: { node: ">=24" } }),
    });
    expect(roots(engines)).toHaveLength(5);
    expect(engines.uncertain).toMatchObject([
      { code: "global_input_changed", detail: "package.json: engines changed" },
    ]);
    const scripts = change(WORKSPACE, {
      "package.json": json({ name: "root", workspaces: ["packages/*"], scripts: { test: "true" } }),
    });
    expect([roots(scripts), codes(scripts)]).toEqual([["."], []]);
  });

  it("includes a component that a longer list of globs made one, without a change of its own files", () => {
    const listed = { ...WORKSPACE, "tools/t/package.json": json({ name: "t" }) };
    const before = change(listed, { "tools/t/x": "1" });
    expect(codes(before)).toEqual(["path_unowned"]);
    const after = change(listed, {
      "package.json": json({ name: "root", workspaces: ["packages/*", "tools/*"] }),
    });
    expect(roots(after)).toEqual([".", "tools/t"]);
  });

  it("widens for as long as a manifest cannot be read, and says which and why", () => {
    const broken = { ...WORKSPACE, "packages/b/package.json": '{ "name": "b", ' };
    const result = change(broken, { "packages/d/x": "1" });
    expect(roots(result)).toHaveLength(5);
    expect(result.uncertain).toMatchObject([
      { code: "manifest_unreadable", paths: ["packages/b/package.json"] },
    ]);
    expect(result.uncertain[0]?.detail).toContain("it is not JSON");
    expect(roots(change(broken, {}))).toEqual([]);
    const { diagnostics } = discoverComponents(treeOf(broken));
    expect(diagnostics).toMatchObject([{ code: "DC1702", span: { file: "packages/b/package.json" } }]);
  });

  it("counts the dependents that a removed component had", () => {
    const edits = { "packages/a/package.json": null, "packages/a/x.js": null };
    const result = change(WORKSPACE, edits);
    expect(roots(result)).toEqual(["packages/b", "packages/c"]);
    expect(result.affected[0]?.because).toMatchObject([{ cause: "dependency", on: "packages/a" }]);
  });

  it("gives a path to the deepest component around it, by whole folder names", () => {
    const nested = { ...WORKSPACE, "packages/d/in/package.json": json({ name: "in" }) };
    const listed = {
      ...nested,
      "package.json": json({ name: "root", workspaces: ["packages/*", "packages/d/*"] }),
    };
    expect(roots(change(listed, { "packages/d/in/x": "1" }))).toEqual(["packages/d/in"]);
    expect(roots(change(listed, { "packages/d/inside/x": "1" }))).toEqual(["packages/d"]);
  });

  it("names a submodule's component as what its doubt added", () => {
    const head = discoverComponents(treeOf(WORKSPACE));
    const changed: ChangedPath[] = [{ status: "M", path: "packages/d/sub" }];
    const doubt = { code: "submodule_changed", detail: "sub", paths: ["packages/d/sub"], added: [] } as const;
    const result = affectedComponents({
      head,
      base: head,
      changes: { ...changeSet(changed), uncertain: [doubt] },
    });
    expect(result.uncertain).toEqual([{ ...doubt, added: ["packages/d"] }]);
  });
});

describe("names and labels", () => {
  it("let two components share a name: each goes by its folder, and both are depended on", () => {
    const twins = { ...WORKSPACE, "packages/d/package.json": json({ name: "a" }) };
    const { graph, diagnostics } = discoverComponents(treeOf(twins));
    expect(graph.components.map(({ id }) => id)).toEqual(["root", "packages/a", "b", "c", "packages/d"]);
    expect(diagnostics).toMatchObject([{ code: "DC1701", severity: "warning" }]);
    expect(roots(change(twins, { "packages/d/x": "1" }))).toEqual(["packages/b", "packages/c", "packages/d"]);
  });

  it("need no name, and take a byte order mark and Windows line ends as they come", () => {
    const odd = {
      ...WORKSPACE,
      "packages/d/package.json": "{}",
      "packages/b/package.json": `\uFEFF${json({ name: "b", dependencies: { a: "*" } }).replaceAll("\n", "\r\n")}`,
    };
    const { graph, diagnostics } = discoverComponents(treeOf(odd));
    expect(graph.components.map(({ id }) => id)).toEqual(["root", "a", "b", "c", "packages/d"]);
    expect(diagnostics).toEqual([]);
    expect(graph.edges[0]).toMatchObject({
      from: "packages/b",
      to: "packages/a",
      place: { line: 4, column: 5 },
    });
  });

  it("hold for names that objects have by themselves", () => {
    const files = {
      "package.json": json({ workspaces: ["p/*"] }),
      "p/a/package.json": '{"name":"__proto__","dependencies":{"constructor":"*"}}',
      "p/b/package.json": '{"name":"constructor","dependencies":{"__proto__":"*","toString":"*"}}',
    };
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.edges.map(({ from, to }) => [from, to])).toEqual([
      ["p/a", "p/b"],
      ["p/b", "p/a"],
    ]);
  });
});

describe("declared components", () => {
  const place = { file: ".delta/pipeline.yaml", line: 3, column: 3 };
  const docs = { id: "docs", root: "docs", inputs: [], depends_on: [], outputs: [], place };

  it("join the discovered ones in one graph, by id or by folder", () => {
    const declared = [{ ...docs, depends_on: [{ component: "a", place }] }];
    const result = change({ ...WORKSPACE, "docs/x.md": "1" }, { "packages/a/x.js": "2" }, { declared });
    expect(roots(result)).toEqual(["docs", "packages/a", "packages/b", "packages/c"]);
    expect(result.affected[0]?.because).toEqual([
      { cause: "dependency", on: "packages/a", edge: "declared", place },
    ]);
    expect(roots(change({ ...WORKSPACE, "docs/x.md": "1" }, { "docs/x.md": "2" }, { declared }))).toEqual([
      "docs",
    ]);
  });

  it("count further inputs as their own, and generated files for nothing", () => {
    const declared = [{ ...docs, inputs: ["README.md", "packages/*/x.js"], outputs: ["docs/out/**"] }];
    const files = { ...WORKSPACE, "README.md": "1", "docs/out/a.html": "1" };
    expect(roots(change(files, { "README.md": "2" }, { declared }))).toEqual(["docs"]);
    expect(roots(change(files, { "packages/a/x.js": "2" }, { declared }))).toContain("docs");
    const generated = change(files, { "docs/out/a.html": "2" }, { declared });
    expect([roots(generated), codes(generated)]).toEqual([[], []]);
  });

  it("report a dependency that is no component, with what was likely meant", () => {
    const declared = [{ ...docs, depends_on: [{ component: "roott", place }] }];
    const { diagnostics } = discoverComponents(treeOf(WORKSPACE), { declared });
    expect(diagnostics).toMatchObject([
      { code: "DC1703", message: expect.stringContaining("`root`") as string },
    ]);
  });
});

describe("several ecosystems in one repository", () => {
  const files = {
    "go.mod":
      "module example.com/top\n\ngo 1.26\n\nrequire example.com/top/api v1.0.0\n\nreplace example.com/top/api => ./api\n",
    "api/go.mod": "module example.com/top/api\n",
    "ui/package.json": json({ name: "ui" }),
    "rust/Cargo.toml": '[workspace]\nmembers = ["core", "app"]\n',
    "rust/core/Cargo.toml": '[package]\nname = "core"\nversion = "1.0.0"\n',
    "rust/app/Cargo.toml":
      '[package]\nname = "app"\nversion = "1.0.0"\n\n[dependencies]\ncore = { path = "../core" }\n',
  };

  it("are one graph, each component of its own kind", () => {
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.components.map(({ id, root, kind }) => [id, root, kind])).toEqual([
      ["example.com/top", ".", "go"],
      ["example.com/top/api", "api", "go"],
      ["app", "rust/app", "cargo"],
      ["core", "rust/core", "cargo"],
      ["ui", "ui", "npm"],
    ]);
    expect(graph.edges).toEqual([
      { from: ".", to: "api", kind: "runtime", place: { file: "go.mod", line: 5, column: 1 } },
      {
        from: "rust/app",
        to: "rust/core",
        kind: "runtime",
        place: { file: "rust/app/Cargo.toml", line: 6, column: 1 },
      },
    ]);
  });

  it("may share a folder: one component with the edges of both", () => {
    const both = {
      ...files,
      "api/package.json": json({ name: "api-docs", dependencies: { ui: "file:../ui" } }),
    };
    const { graph } = discoverComponents(treeOf(both));
    expect(graph.components.filter(({ root }) => root === "api")).toMatchObject([{ kind: "go" }]);
    expect(roots(change(both, { "ui/x": "1" }))).toEqual([".", "api", "ui"]);
  });

  it("are looked for one by one when the pipeline says which", () => {
    const { graph } = discoverComponents(treeOf(files), { discover: ["cargo"] });
    expect(graph.components.map(({ root }) => root)).toEqual(["rust/app", "rust/core"]);
  });

  it("give a Go module every path below it, so that its files are never unowned", () => {
    const result = change(files, { "internal/x.go": "package internal" });
    expect([roots(result), codes(result)]).toEqual([["."], []]);
  });
});
