import { describe, expect, it } from "vitest";
import { discoverComponents } from "../../../compiler/components/index.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { change, roots, codes, json, WORKSPACE } from "../../support/compiler/affected-change.ts";

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
