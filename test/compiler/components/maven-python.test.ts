import { describe, expect, it } from "vitest";
import { discoverComponents } from "../../../compiler/components/index.ts";
import { change, roots } from "../../support/compiler/affected-change.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

describe("Maven", () => {
  const parent = "<parent>\n    <groupId>org.x</groupId><artifactId>top</artifactId></parent>";
  const files = {
    "pom.xml":
      '<?xml version="1.0"?>\n<!-- <modules><module>no</module></modules> -->\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n  <groupId>org.x</groupId>\n  <artifactId>top</artifactId>\n  <packaging>pom</packaging>\n  <modules><module>core</module><module>./app/</module></modules>\n</project>\n',
    "core/pom.xml": `<project>\n  ${parent}\n  <artifactId>core</artifactId>\n</project>\n`,
    "app/pom.xml": `<project>\n  ${parent}\n  <artifactId>app</artifactId>\n  <dependencies>\n    <dependency>\n      <groupId>\${project.groupId}</groupId>\n      <artifactId>core</artifactId>\n      <scope>test</scope>\n    </dependency>\n  </dependencies>\n</project>\n`,
    "core/src/test/resources/pom.xml": "<project><artifactId>sample</artifactId></project>",
  };

  it("gives each module an edge to its parent and to the modules it asks for", () => {
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.components.map(({ id, root, kind }) => [id, root, kind])).toEqual([
      ["org.x:top", ".", "maven"],
      ["org.x:app", "app", "maven"],
      ["org.x:core", "core", "maven"],
    ]);
    expect(graph.edges.map(({ from, to, kind, place }) => [from, to, kind, place?.line])).toEqual([
      ["app", ".", "build", 2],
      ["app", "core", "dev", 6],
      ["core", ".", "build", 2],
    ]);
  });

  it("reaches every module by its parent, and dependents by what they ask for", () => {
    expect(roots(change(files, { "core/src/A.java": "class A {}" }))).toEqual(["app", "core"]);
    expect(roots(change(files, { "pom.xml": `${files["pom.xml"]}<!-- more -->` }))).toEqual([
      ".",
      "app",
      "core",
    ]);
    expect(change(files, { "checkstyle.xml": "1" }).uncertain).toMatchObject([{ code: "path_unowned" }]);
  });

  it("refuses a document type, and what is never closed, by name", () => {
    for (const text of [
      "<!DOCTYPE project [<!ENTITY a 'b'>]><project/>",
      "<project><a></project>",
      "<project>",
    ]) {
      const { unreadable } = discoverComponents(treeOf({ ...files, "core/pom.xml": text }));
      expect(unreadable).toMatchObject([{ path: "core/pom.xml" }]);
    }
  });
});

describe("Python", () => {
  const lock = (idna: string): string =>
    `version = 1\n\n[[package]]\nname = "app"\nversion = "1.0.0"\nsource = { editable = "packages/app" }\ndependencies = [\n  { name = "anyio" },\n  { name = "lib-core" },\n]\n\n[[package]]\nname = "lib-core"\nsource = { editable = "packages/lib" }\n\n[[package]]\nname = "anyio"\nversion = "4.0.0"\nsource = { registry = "https://registry.invalid" }\ndependencies = [{ name = "idna" }]\n\n[[package]]\nname = "idna"\nversion = "${idna}"\nsource = { registry = "https://registry.invalid" }\n`;
  const files = {
    "pyproject.toml":
      '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n\n[project]\nname = "root"\n',
    "uv.lock": lock("3.0"),
    "packages/app/pyproject.toml":
      '[project]\nname = "app"\ndependencies = [\n  "Lib_Core>=1",\n  "anyio",\n]\n\n[tool.uv.sources]\nlib-core = { workspace = true }\n',
    "packages/lib/pyproject.toml": '[project]\nname = "lib.core"\n\n[dependency-groups]\ntest = ["pytest"]\n',
    "packages/old/pyproject.toml": '[project]\nname = "old"\n',
  };

  it("reads a uv workspace, whatever the spelling of a name", () => {
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.components.map(({ id, root }) => [id, root])).toEqual([
      ["root", "."],
      ["app", "packages/app"],
      ["lib-core", "packages/lib"],
    ]);
    expect(graph.edges).toEqual([
      {
        from: "packages/app",
        to: "packages/lib",
        kind: "runtime",
        place: { file: "packages/app/pyproject.toml", line: 3, column: 1 },
      },
    ]);
  });

  it("changes the projects whose locked packages changed", () => {
    const result = change(files, { "uv.lock": lock("3.1") });
    expect(result.direct.map(({ root, because }) => [root, because])).toEqual([
      ["packages/app", [{ cause: "lockfile", lockfile: "uv.lock", packages: ["idna@3.0", "idna@3.1"] }]],
    ]);
    expect(change(files, { "uv.lock": `# a word\n${lock("3.0")}` }).affected).toEqual([]);
  });

  it("widens for a tool that the workspace root configures", () => {
    const result = change(files, {
      "pyproject.toml": `${files["pyproject.toml"]}\n[tool.ruff]\nline-length = 100\n`,
    });
    expect(result.uncertain).toMatchObject([
      { code: "global_input_changed", detail: "pyproject.toml: tool.ruff changed" },
    ]);
  });

  it("follows the paths that Poetry and uv name", () => {
    const poetry = {
      "a/pyproject.toml": '[tool.poetry]\nname = "a"\n',
      "b/pyproject.toml":
        '[tool.poetry]\nname = "b"\n\n[tool.poetry.dependencies]\npython = "^3"\na = { path = "../a", optional = true }\n',
      "c/pyproject.toml":
        '[project]\nname = "c"\ndependencies = ["b"]\n\n[tool.uv.sources]\nb = { path = "../b" }\n',
    };
    const { graph } = discoverComponents(treeOf(poetry));
    expect(graph.edges.map(({ from, to, kind }) => [from, to, kind])).toEqual([
      ["b", "a", "optional"],
      ["c", "b", "runtime"],
    ]);
  });
});
