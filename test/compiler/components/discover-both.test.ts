import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discoverBoth, discoverComponents } from "../../../compiler/components/index.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";

type Files = Readonly<Record<string, string>>;

const MANIFESTS: Files = {
  "package.json": JSON.stringify({ name: "root", workspaces: ["packages/*"] }),
  "package-lock.json": JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { name: "root" },
      "packages/a": { name: "a", dependencies: { x: "1" } },
      "node_modules/x": { version: "1.0.0" },
      "node_modules/a": { resolved: "packages/a", link: true },
    },
  }),
  "packages/a/package.json": JSON.stringify({ name: "a", dependencies: { x: "1" } }),
  "packages/b/package.json": JSON.stringify({ name: "b", dependencies: { a: "*" } }),
  "crates/one/Cargo.toml": '[package]\nname = "one"\n',
  "crates/one/rust-toolchain.toml": '[toolchain]\nchannel = "stable"\n',
  "go.mod": "module example.test/m\n",
  "pom.xml": "<project><groupId>g</groupId><artifactId>m</artifactId></project>",
  "packages/a/index.js": "1",
  "README.md": "x",
};

/** Another text of a file that discovery reads, or of one that it does not. */
const edits: Readonly<Record<string, readonly (string | null)[]>> = {
  ...Object.fromEntries(Object.keys(MANIFESTS).map((path) => [path, [null, "{}", "not what it was"]])),
  "packages/c/package.json": [JSON.stringify({ name: "c", dependencies: { b: "*" } })],
  "packages/c/index.js": ["1"],
  "bun.lock": ["{}"],
  "yarn.lock": [""],
  ".nvmrc": ["24"],
};
const edit = fc
  .constantFrom(...Object.keys(edits))
  .chain((path) => fc.constantFrom(...(edits[path] ?? [])).map((text) => [path, text] as const));

function edited(changes: readonly (readonly [string, string | null])[]): Files {
  const files = Object.entries({ ...MANIFESTS, ...Object.fromEntries(changes) });
  return Object.fromEntries(files.filter((entry): entry is [string, string] => entry[1] !== null));
}

describe("the components of two commits", () => {
  it("are those that each has by itself, whatever differs", () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 3 }), fc.array(edit, { maxLength: 3 }), (now, before) => {
        const [head, base] = [treeOf(edited(now)), treeOf(edited(before))];
        expect(discoverBoth(head, base)).toEqual({
          head: discoverComponents(head),
          base: discoverComponents(base),
        });
      }),
      { numRuns: 300 },
    );
  });

  it("are the very same where no file that says something of them differs", () => {
    const both = discoverBoth(
      treeOf(edited([["README.md", "y"]])),
      treeOf(edited([["packages/c/index.js", "1"]])),
    );
    expect(both.base).toBe(both.head);
  });

  it("are not the same where the content of a manifest is at hand in one commit alone", () => {
    const head = treeOf(MANIFESTS);
    const contents = new Map([...head.contents].filter(([path]) => path !== "packages/a/package.json"));
    const { base } = discoverBoth(head, { ...head, contents });
    expect(base?.unreadable).toEqual([
      { path: "packages/a/package.json", why: "its content could not be read" },
    ]);
  });
});
