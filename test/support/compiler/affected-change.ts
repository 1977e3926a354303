import {
  type AffectedOptions,
  type AffectedResult,
  affectedComponents,
  type DiscoverOptions,
  discoverComponents,
} from "../../../compiler/components/index.ts";
import { changesBetween } from "./changes-between.ts";
import { treeOf } from "./tree-snapshot.ts";

export type Files = Readonly<Record<string, string>>;

/** The result of a change to some files; null removes one. */
export function change(
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

export const roots = (result: AffectedResult): string[] => result.affected.map(({ root }) => root);
export const codes = (result: AffectedResult): string[] => result.uncertain.map(({ code }) => code);

export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

export const WORKSPACE: Files = {
  "package.json": json({ name: "root", workspaces: ["packages/*"] }),
  "packages/a/package.json": json({ name: "a", version: "1.0.0" }),
  "packages/a/x.js": "1",
  "packages/b/package.json": json({ name: "b", dependencies: { a: "^1.0.0" } }),
  "packages/c/package.json": json({ name: "c", devDependencies: { b: "*" } }),
  "packages/d/package.json": json({ name: "d" }),
};
