import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { affectedComponents, discoverComponents } from "../../../compiler/components/index.ts";
import { comparePaths } from "../../../compiler/paths.ts";
import type { ChangedPath, ChangeStatus } from "../../../schemas/changes.ts";
import { changeSet } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { type RecordedGraph, synthesize } from "./synthesized-manifests.ts";

const SHARED = new URL("../../../../shared/oracles/affected/", import.meta.url);
const REPOSITORIES = [
  "changesets",
  "jest",
  "lerna",
  "napi-rs",
  "nomad",
  "otel-go",
  "tanstack-query",
  "tokio",
  "trpc",
  "vite",
];
/** Files that speak for several components; the recorded closures take them for ordinary ones of the root. */
const GOVERNING =
  /^(?:Cargo\.toml|pnpm-workspace\.yaml|\.yarnrc\.yml|rust-toolchain(?:\.toml)?|\.cargo\/.*)$/;

interface Recorded {
  readonly pinned: RecordedGraph;
  readonly table: readonly string[];
  readonly commits: readonly {
    readonly head: string;
    readonly graph: unknown;
    readonly changed: readonly (readonly [string, string, string?])[];
    readonly computed: { readonly direct: readonly number[]; readonly closureAll: readonly number[] };
  }[];
}

// The recorded commits of public repositories lie beside a development checkout only; without them there is nothing to replay.
describe.skipIf(!existsSync(SHARED))("recorded commits of public repositories", () => {
  it.each(REPOSITORIES)("%s: graph and closures are those on record", (name) => {
    const recorded = JSON.parse(readFileSync(new URL(`${name}.json`, SHARED), "utf8")) as Recorded;
    const graph = discoverComponents(treeOf(synthesize(recorded.pinned)));
    const roots = new Set(recorded.pinned.components.map(({ path }) => path));
    expect(graph.graph.components.map(({ root }) => root)).toEqual([...roots].sort(comparePaths));
    const pairs = (edges: readonly (readonly [string, string])[]): string[] => [
      ...new Set(edges.filter(([from, to]) => from !== to).map(([from, to]) => `${from} -> ${to}`)),
    ];
    expect(pairs(graph.graph.edges.map(({ from, to }) => [from, to])).sort()).toEqual(
      pairs(recorded.pinned.edges.map(([from, to]) => [from, to])).sort(),
    );

    const commits = recorded.commits.filter(
      ({ graph, changed }) =>
        graph === "pinned" && !changed.flat().some((path) => GOVERNING.test(path ?? "")),
    );
    for (const { head, changed, computed } of commits) {
      const result = affectedComponents({
        head: graph,
        base: graph,
        changes: changeSet(changed.map(toChangedPath)),
        options: { unowned: roots.has(".") ? ["."] : [] },
      });
      const named = (indexes: readonly number[]): string[] =>
        [...new Set(indexes.map((index) => recorded.table[index] ?? ""))].sort(comparePaths);
      expect([head, result.direct.map(({ root }) => root)]).toEqual([head, named(computed.direct)]);
      expect([head, result.affected.map(({ root }) => root)]).toEqual([head, named(computed.closureAll)]);
    }
    expect(commits.length).toBeGreaterThan(5);
  });
});

function toChangedPath([status, first, second]: readonly [string, string, string?]): ChangedPath {
  const letter = status.slice(0, 1) as ChangeStatus;
  return second === undefined
    ? { status: letter, path: first }
    : { status: letter, path: second, old_path: first };
}
