import { describe, expect, test } from "vitest";
import { discoverComponents } from "../../../compiler/components/discover.ts";
import { EDGES_MAX } from "../../../compiler/components/edge-list.ts";
import { HEAD, snapshot } from "../support/case-input.ts";

const SHARING = 1_002;

/** As many folders with the same manifest, and what stands at the top. */
function alike(count: number, name: string, text: string, top: Readonly<Record<string, string>> = {}) {
  const files = Array.from({ length: count }, (_, index) => [`d${index}/${name}`, text] as const);
  return snapshot(HEAD, new Map([...files, ...Object.entries(top)]));
}

const POM = "<groupId>g</groupId><artifactId>a</artifactId>";

describe("components that all have one name and all ask for it", () => {
  test.each([
    [
      "npm",
      "package.json",
      `{"name":"a","dependencies":{"a":"*"}}`,
      { "package.json": `{"workspaces":["*"]}` },
    ],
    ["go", "go.mod", "module a\nrequire a v1.0.0\n", {}],
    [
      "python",
      "pyproject.toml",
      `[project]\nname = "a"\ndependencies = ["a"]\n`,
      { "pyproject.toml": `[project]\nname = "r"\n[tool.uv.workspace]\nmembers = ["*"]\n` },
    ],
    [
      "maven",
      "pom.xml",
      `<project>${POM}<dependencies><dependency>${POM}</dependency></dependencies></project>`,
      {},
    ],
  ])("have no more edges than are kept, and %s says what that leaves open", (_, name, text, top) => {
    const { graph, unreadable } = discoverComponents(alike(SHARING, name, text, top));
    expect(graph.edges).toHaveLength(EDGES_MAX);
    expect(unreadable).toEqual([
      {
        path: expect.stringMatching(/^d\d+\//) as string,
        why: expect.stringContaining("1000000 edges") as string,
      },
    ]);
  });
});

describe("twenty thousand workspaces side by side are read in the time that their number takes", () => {
  test.each([
    ["package.json", `{"workspaces":["*"]}`],
    ["Cargo.toml", `[workspace]\nmembers = ["*"]\n[package]\nname = "a"\n`],
    ["pyproject.toml", `[project]\nname = "a"\n[tool.uv.workspace]\nmembers = ["*"]\n`],
  ])("as %s", (name, text) => {
    const cpuOf = (count: number): number => {
      const commit = alike(count, name, text);
      const before = process.cpuUsage();
      discoverComponents(commit);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cpuOf(1_000);
    // Where each looked at all others it was more than thirty times as much.
    expect(cpuOf(20_000) / cpuOf(2_000)).toBeLessThan(25);
  });
});

test("a hundred and fifty thousand manifests that cannot be read are each noted", () => {
  const { unreadable } = discoverComponents(alike(150_000, "package.json", "["), { discover: ["npm"] });
  expect(unreadable).toHaveLength(150_000);
});

describe("a list of workspace folders that takes too long to match", () => {
  const globs = JSON.stringify(Array.from({ length: 1_000 }, (_, index) => `*b${index}*a`));
  test.each([
    ["package.json", `{"workspaces":${globs}}`, `{"name":"m"}`],
    ["Cargo.toml", `[workspace]\nmembers = ${globs}\n`, `[package]\nname = "m"\n`],
    [
      "pyproject.toml",
      `[project]\nname = "r"\n[tool.uv.workspace]\nmembers = ${globs}\n`,
      `[project]\nname = "m"\n`,
    ],
  ])("is one that cannot be read, in %s", (name, root, member) => {
    const folders = Array.from({ length: 200 }, (_, index) => `${index}${"a".repeat(200)}/${name}`);
    const files = new Map([[name, root] as const, ...folders.map((path) => [path, member] as const)]);
    const { unreadable } = discoverComponents(snapshot(HEAD, files));
    expect(unreadable).toEqual([
      { path: name, why: "its list of workspace folders takes too long to match" },
    ]);
  });
});
