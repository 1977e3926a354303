import { describe, expect, it } from "vitest";
import { affectedComponents, discoverComponents } from "../../../compiler/components/index.ts";
import type { ChangedPath } from "../../../schemas/changes.ts";
import { changeSet } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { change, roots, codes, json, WORKSPACE } from "../../support/compiler/affected-change.ts";

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
