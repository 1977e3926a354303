import { describe, expect, it } from "vitest";
import { type AffectedResult, discoverComponents } from "../../../compiler/components/index.ts";
import { change, type Files } from "../../support/compiler/affected-change.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

/** Roots with the packages that a lockfile changed for them. */
function packages(result: AffectedResult): (readonly [string, readonly string[]])[] {
  return result.direct.map(({ root, because }) => [
    root,
    because.flatMap((cause) => (cause.cause === "lockfile" ? cause.packages : [])),
  ]);
}

const edges = (files: Files): string[] =>
  discoverComponents(treeOf(files)).graph.edges.map(({ from, to }) => `${from} -> ${to}`);

const MANIFESTS: Files = {
  "package.json": '{"name":"root","workspaces":["p/*"]}',
  "p/a/package.json": '{"name":"a","version":"2.0.0","dependencies":{"ms":"^2.0.0"}}',
  "p/b/package.json": '{"name":"b","dependencies":{"a":"^1.0.0","odd":"^1.0.0"}}',
  "p/c/package.json": '{"name":"c"}',
};

describe("package-lock.json", () => {
  const lock = (change: object = {}, workspace: object = { resolved: "p/a", link: true }): string =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: {
        "": { name: "root", workspaces: ["p/*"] },
        "p/a": { version: "2.0.0", dependencies: { ms: "^2.0.0" } },
        "p/b": { dependencies: { a: "^1.0.0", odd: "^1.0.0" } },
        "p/c": {},
        "node_modules/a": workspace,
        "node_modules/ms": { version: "2.0.0", integrity: "sha512-ms" },
        "node_modules/odd": { version: "1.0.0", integrity: "sha512-odd", dependencies: { number: "^1.0.0" } },
        "node_modules/number": { version: "1.0.0", integrity: "sha512-number", dependencies: { odd: "*" } },
        ...change,
      },
    });
  const files = { ...MANIFESTS, "package-lock.json": lock() };

  it("changes exactly the components that reach what changed, through packages that need each other too", () => {
    const number = lock({
      "node_modules/number": { version: "1.0.1", integrity: "x", dependencies: { odd: "*" } },
    });
    const result = change(files, { "package-lock.json": number });
    expect(packages(result)).toEqual([["p/b", ["number@1.0.0", "number@1.0.1"]]]);
    expect(result.uncertain).toEqual([]);
  });

  it("says nothing by its order, its spaces or the place of a copy", () => {
    const value = JSON.parse(lock()) as { packages: Record<string, { dependencies?: object }> };
    const nested = {
      ...value.packages,
      "node_modules/odd/node_modules/number": value.packages["node_modules/number"],
    };
    const moved = Object.fromEntries(Object.entries(nested).reverse());
    const text = JSON.stringify({ ...value, packages: moved }, null, 4);
    expect(packages(change(files, { "package-lock.json": text }))).toEqual([]);
  });

  it("decides what a range that fits no workspace package is linked to", () => {
    expect(edges(files)).toEqual(["p/b -> p/a"]);
    const outside = lock({}, { version: "1.4.0", integrity: "sha512-a" });
    expect(edges({ ...MANIFESTS, "package-lock.json": outside })).toEqual([]);
    expect(edges(MANIFESTS)).toEqual(["p/b -> p/a"]);
  });

  it("of a version that does not tell components apart widens, by name", () => {
    const result = change(files, { "package-lock.json": '{"lockfileVersion":1,"dependencies":{}}' });
    expect(result.affected).toHaveLength(4);
    expect(result.uncertain).toMatchObject([{ code: "lockfile_unreadable", added: ["*"] }]);
  });
});

describe("yarn.lock of yarn 1", () => {
  const lock = (number: string): string =>
    `# yarn lockfile v1\n\n\nms@^2.0.0:\n  version "2.0.0"\n  integrity sha512-ms\n\n"odd@^1.0.0":\n  version "1.0.0"\n  resolved "https://registry.invalid/odd.tgz#1"\n  dependencies:\n    number "^1.0.0"\n\nnumber@^1.0.0, number@~1.0.0:\n  version "${number}"\n  integrity sha512-${number}\n`;
  const files = { ...MANIFESTS, "yarn.lock": lock("1.0.0") };

  it("changes exactly the components whose manifests reach what changed", () => {
    const result = change(files, { "yarn.lock": lock("1.0.1") });
    expect(packages(result)).toEqual([["p/b", ["number@1.0.0", "number@1.0.1"]]]);
  });

  it("takes a dependency that it holds for one from outside", () => {
    expect(edges(files)).toEqual(["p/b -> p/a"]);
    expect(edges({ ...MANIFESTS, "yarn.lock": `${lock("1.0.0")}\na@^1.0.0:\n  version "1.4.0"\n` })).toEqual(
      [],
    );
  });
});

describe("pnpm-lock.yaml", () => {
  it.each([
    ["5.4", "link:../a", (key: string) => `/${key.replace("@", "/")}`, "1.0.0"],
    ["'6.0'", "link:../a", (key: string) => `/${key}`, "1.0.0"],
    ["'9.0'", "link:../a", (key: string) => key, "1.0.0"],
  ])("of version %s is read per component", (version, link, keyed, odd) => {
    const dependency = (name: string, resolved: string): string =>
      version === "5.4"
        ? `      ${name}: ${resolved}\n`
        : `      ${name}:\n        specifier: '*'\n        version: ${resolved}\n`;
    const lock = (number: string): string =>
      `lockfileVersion: ${version}\n\nimporters:\n\n  .: {}\n\n  p/a:\n    dependencies:\n${dependency("ms", "2.0.0")}\n  p/b:\n    dependencies:\n${dependency("a", link)}${dependency("odd", odd)}\n  p/c: {}\n\npackages:\n\n` +
      `  ${keyed("ms@2.0.0")}:\n    resolution: {integrity: sha512-ms}\n\n  ${keyed("odd@1.0.0")}:\n    resolution: {integrity: sha512-odd}\n    engines: {node: '>=1, <9'}\n    dependencies:\n      number: ${number}\n\n  ${keyed(`number@${number}`)}:\n    resolution: {integrity: sha512-${number}}\n    deprecated: |-\n      a long word: with {things} in it\n`;
    const files = {
      ...MANIFESTS,
      "pnpm-workspace.yaml": "packages: ['p/*']\n",
      "pnpm-lock.yaml": lock("1.0.0"),
    };
    expect(edges(files)).toEqual(["p/b -> p/a"]);
    const result = change(files, { "pnpm-lock.yaml": lock("1.0.1") });
    expect(packages(result).map(([root]) => root)).toEqual(["p/b"]);
    expect(packages(result)[0]?.[1]).toHaveLength(2);
    expect(discoverComponents(treeOf(files)).graph.components.map(({ kind }) => kind)).toContain("pnpm");
  });

  it("with the mark of a merge conflict widens, by name", () => {
    const lock = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n";
    const files = { ...MANIFESTS, "pnpm-lock.yaml": lock };
    const result = change(files, { "pnpm-lock.yaml": `<<<<<<< ours\n${lock}=======\n>>>>>>> theirs\n` });
    expect(result.uncertain).toMatchObject([{ code: "lockfile_unreadable" }]);
  });
});

describe("catalogs", () => {
  const settings = (react: string, more = ""): string =>
    `packages:\n  - p/*\ncatalog:\n  react: ${react}\n  vue: ^3.0.0\ncatalogs:\n  old:\n    react: ^17.0.0\n${more}`;
  const files = {
    "package.json": '{"name":"root"}',
    "p/a/package.json": '{"name":"a","dependencies":{"react":"catalog:"}}',
    "p/b/package.json": '{"name":"b","devDependencies":{"react":"catalog:old"}}',
    "p/c/package.json": '{"name":"c","dependencies":{"a":"workspace:*"}}',
    "pnpm-workspace.yaml": settings("^18.0.0"),
  };

  it("change their users and what depends on them", () => {
    const result = change(files, { "pnpm-workspace.yaml": settings("^19.0.0") });
    expect(result.direct.map(({ root }) => root)).toEqual(["p/a"]);
    expect(result.affected.map(({ root }) => root)).toEqual(["p/a", "p/c"]);
    expect(result.uncertain).toEqual([]);
  });

  it("stand beside settings that speak for the whole workspace", () => {
    const result = change(files, { "pnpm-workspace.yaml": settings("^18.0.0", "nodeLinker: hoisted\n") });
    expect(result.uncertain).toMatchObject([
      { code: "global_input_changed", detail: "pnpm-workspace.yaml: nodeLinker changed", added: ["*"] },
    ]);
  });
});

describe("Cargo", () => {
  const local = (name: string, dependencies: string): string =>
    `[[package]]\nname = "${name}"\nversion = "1.0.0"\ndependencies = [\n${dependencies}]\n\n`;
  const registry = '"registry+https://registry.invalid"';
  const lock = (itoa: string): string =>
    `# generated\nversion = 4\n\n${local("app", ' "core",\n "serde",\n')}${local("core", "")}` +
    `[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = ${registry}\nchecksum = "s"\ndependencies = [\n "itoa",\n]\n\n` +
    `[[package]]\nname = "itoa"\nversion = "${itoa}"\nsource = ${registry}\nchecksum = "${itoa}"\n`;
  const root = (version: string, edition = "2021", more = ""): string =>
    `[workspace]\nmembers = ["crates/*"]\n\n[workspace.package]\nedition = "${edition}"\n\n[workspace.dependencies]\nserde = "${version}"\ncore = { path = "crates/core" }\n${more}`;
  const files = {
    "Cargo.toml": root("1"),
    "Cargo.lock": lock("1.0.0"),
    "crates/app/Cargo.toml":
      '[package]\nname = "app"\nversion = "1.0.0"\nedition.workspace = true\n\n[dependencies]\nserde.workspace = true\n\n[target.\'cfg(unix)\'.dev-dependencies]\ncore = { workspace = true }\n',
    "crates/core/Cargo.toml": '[package]\nname = "core"\nversion = "1.0.0"\n',
    "crates/core/fuzz/Cargo.toml": '[package]\nname = "fuzz"\n\n[workspace]\n',
  };

  it("follows inherited and target dependencies, and leaves a fuzz target to the crate around it", () => {
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.components.map(({ root: folder }) => folder)).toEqual(["crates/app", "crates/core"]);
    expect(graph.edges).toEqual([
      {
        from: "crates/app",
        to: "crates/core",
        kind: "dev",
        place: { file: "crates/app/Cargo.toml", line: 10, column: 1 },
      },
    ]);
  });

  it("changes the crates whose locked packages changed, and nothing for a comment", () => {
    expect(packages(change(files, { "Cargo.lock": lock("1.0.1") }))).toEqual([
      ["crates/app", ["itoa@1.0.0", "itoa@1.0.1"]],
    ]);
    expect(packages(change(files, { "Cargo.lock": `# a word\n${lock("1.0.0")}` }))).toEqual([]);
  });

  it("gives an inherited key of the workspace to the crates that inherit it", () => {
    for (const text of [root("1.1"), root("1", "2024")]) {
      const result = change(files, { "Cargo.toml": text });
      expect([result.direct.map((c) => c.root), result.uncertain]).toEqual([["crates/app"], []]);
    }
    const profile = change(files, { "Cargo.toml": root("1", "2021", "\n[profile.release]\nlto = true\n") });
    expect(profile.uncertain).toMatchObject([{ code: "global_input_changed", added: ["*"] }]);
    const comment = change(files, { "Cargo.toml": `# a word\n${root("1")}` });
    expect([comment.affected, comment.uncertain]).toEqual([[], []]);
  });

  it("widens when the toolchain of the workspace changes", () => {
    const result = change(files, { "rust-toolchain.toml": '[toolchain]\nchannel = "1.90"\n' });
    expect(result.uncertain).toMatchObject([{ code: "global_input_changed", added: ["*"] }]);
  });

  it("takes a patched crate for the one in the repository, also behind a crate from outside", () => {
    const patched = {
      ...files,
      "Cargo.toml": root("1", "2021", '\n[patch.crates-io]\nitoa = { path = "crates/itoa" }\n'),
      "crates/itoa/Cargo.toml": '[package]\nname = "itoa"\nversion = "1.0.0"\n',
      "Cargo.lock": `${local("app", ' "core",\n "serde",\n')}${local("core", "")}${local("itoa", "")}[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = ${registry}\ndependencies = [\n "itoa",\n]\n`,
    };
    expect(edges(patched)).toEqual(["crates/app -> crates/core", "crates/app -> crates/itoa"]);
  });
});

describe("Go", () => {
  const files = {
    "go.work": "go 1.26\n\nuse (\n\t./a\n\t./b // the second\n)\n",
    "a/go.mod": "module example.com/a\n",
    "a/go.sum": "example.com/x v1.0.0 h1:1=\nexample.com/x v1.0.0/go.mod h1:2=\n",
    "b/go.mod":
      'module "example.com/b"\n\nrequire (\n\texample.com/a v1.0.0 // indirect\n\texample.com/x v1.0.0\n)\n',
    "b/testdata/m/go.mod": "module example.com/m\n",
    "c/go.mod": "module example.com/c\n\nreplace example.com/other => ../a\n",
  };

  it("follows what is required, and neither test data nor an unused replacement", () => {
    const { graph } = discoverComponents(treeOf(files));
    expect(graph.components.map(({ id }) => id)).toEqual(["example.com/a", "example.com/b", "example.com/c"]);
    expect(graph.edges).toEqual([
      { from: "b", to: "a", kind: "runtime", place: { file: "b/go.mod", line: 4, column: 2 } },
    ]);
  });

  it("changes a module by its sums, whatever their order", () => {
    const lines = files["a/go.sum"].trim().split("\n");
    expect(change(files, { "a/go.sum": `${[...lines].reverse().join("\n")}\n` }).affected).toEqual([]);
    const result = change(files, { "a/go.sum": `${lines.join("\n")}\nexample.com/y v1.0.0 h1:3=\n` });
    expect(packages(result)).toEqual([["a", ["example.com/y@v1.0.0"]]]);
    expect(result.affected.map(({ root }) => root)).toEqual(["a", "b"]);
  });

  it("widens to the modules that a workspace uses when its toolchain changes", () => {
    const result = change(files, { "go.work": files["go.work"].replace("1.26", "1.27") });
    expect(result.uncertain).toMatchObject([{ code: "global_input_changed", added: ["a", "b"] }]);
    expect(change(files, { "go.work": `// a word\n${files["go.work"]}` }).affected).toEqual([]);
  });
});
