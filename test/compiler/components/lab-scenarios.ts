import type { UncertaintyCode } from "../../../schemas/changes.ts";
import type { FileChange } from "../../support/git/git-world.ts";
import { ALL, type LabManager, labLockfile, labManifest, rootManifest } from "./lab-workspace.ts";

export interface LabScenario {
  readonly name: string;
  readonly files?: (manager: LabManager) => Readonly<Record<string, FileChange>>;
  readonly moves?: Readonly<Record<string, string>>;
  /** Roots of every affected component, by the rule for its kind of change. */
  readonly affected: readonly string[];
  readonly uncertain?: readonly UncertaintyCode[];
}

const under = (...names: string[]): string[] => names.map((name) => `packages/${name}`);
const A = under("a", "b", "c", "d", "e", "f", "g", "i", "m");
const lockPath = (manager: LabManager): string => (manager === "pnpm" ? "pnpm-lock.yaml" : "yarn.lock");
const settingsPath = (manager: LabManager): string =>
  manager === "pnpm" ? "pnpm-workspace.yaml" : ".yarnrc.yml";

function edit(path: string): NonNullable<LabScenario["files"]> {
  return () => ({ [path]: `the second ${path}\n` });
}

function folder(name: string): string[] {
  return ["README.md", "package.json", "src/index.js"].map((file) => `packages/${name}/${file}`);
}

function removed(name: string): Record<string, null> {
  return Object.fromEntries(folder(name).map((path) => [path, null]));
}

function moved(name: string, to: string): Record<string, string> {
  return Object.fromEntries(folder(name).map((path) => [path, path.replace(`/${name}/`, `/${to}/`)]));
}

/** A changed file that lies in no component: everything may read it. */
function loose(name: string, path: string): LabScenario {
  return { name, files: edit(path), affected: ALL, uncertain: ["path_unowned"] };
}

/** The scenarios of the laboratory, with what must come out. */
export const LAB_SCENARIOS: readonly LabScenario[] = [
  { name: "edit leaf source (a)", files: edit("packages/a/src/index.js"), affected: A },
  { name: "edit a README.md", files: edit("packages/a/README.md"), affected: A },
  {
    name: "edit a/package.json version only",
    files: () => ({ "packages/a/package.json": labManifest("a", { version: "1.0.1" }) }),
    affected: A,
  },
  {
    name: "edit a/package.json version to 2.0.0 (out of ^1 and 1.0.0 ranges), no lock update",
    files: () => ({ "packages/a/package.json": labManifest("a", { version: "2.0.0" }) }),
    affected: A,
  },
  {
    name: "edit b source (prod dep of f)",
    files: edit("packages/b/src/index.js"),
    affected: under("b", "f"),
  },
  {
    name: "edit c source (c dev-depends on a; g depends on c)",
    files: edit("packages/c/src/index.js"),
    affected: under("c", "g"),
  },
  { name: "edit k source (no dependents)", files: edit("packages/k/src/index.js"), affected: under("k") },
  {
    name: "edit nested component packages/i/nested",
    files: edit("packages/i/nested/src/index.js"),
    affected: under("i/nested"),
  },
  { name: "edit i (parent dir of nested)", files: edit("packages/i/src/index.js"), affected: under("i") },
  { name: "edit x in a cycle x<->y(dev)", files: edit("packages/x/src/index.js"), affected: under("x", "y") },
  loose("edit packages/README.md (in no component but root)", "packages/README.md"),
  loose("edit root README.md", "README.md"),
  loose("edit docs/guide.md", "docs/guide.md"),
  loose("edit scripts/run.sh", "scripts/run.sh"),
  loose("edit .github/workflows/ci.yml", ".github/workflows/ci.yml"),
  loose("edit tsconfig.json", "tsconfig.json"),
  loose("edit tsconfig.base.json", "tsconfig.base.json"),
  loose("edit .nvmrc", ".nvmrc"),
  loose("edit .gitignore", ".gitignore"),
  loose("edit shared.config.js (turbo globalDependencies, nx sharedGlobals)", "shared.config.js"),
  loose("edit turbo.json", "turbo.json"),
  loose("edit nx.json", "nx.json"),
  loose("edit lerna.json", "lerna.json"),
  {
    name: "edit the manager's settings (comment)",
    files: (manager) => ({
      [settingsPath(manager)]:
        manager === "pnpm"
          ? "# a word\npackages:\n  - packages/*\n  - packages/i/nested # and another\n"
          : "# a word\nnodeLinker: node-modules\n",
    }),
    affected: [],
  },
  loose("add .npmrc", ".npmrc"),
  {
    name: "root package.json: script changed",
    files: (manager) => ({ "package.json": rootManifest(manager, { scripts: { build: "true" } }) }),
    affected: ["."],
  },
  {
    name: "root package.json devDependency bump + lockfile",
    files: (manager) => ({
      "package.json": rootManifest(manager, { devDependencies: { semver: "7.0.1" } }),
      [lockPath(manager)]: labLockfile(manager, { semver: "7.0.1" }),
    }),
    affected: ["."],
  },
  {
    name: "a: external dep bump ms 2.1.2->2.1.3 in a/package.json + lockfile",
    files: (manager) => ({
      "packages/a/package.json": labManifest("a", { dependencies: { ms: "2.1.3" } }),
      [lockPath(manager)]: labLockfile(manager, { ms: "2.1.3" }),
    }),
    affected: A,
  },
  {
    name: "lockfile only: transitive dep of lone (is-odd>is-number)",
    files: (manager) => ({ [lockPath(manager)]: labLockfile(manager, { isNumber: "6.0.1" }) }),
    affected: under("lone"),
  },
  {
    name: "lockfile only: trailing comment/whitespace",
    files: (manager) => ({ [lockPath(manager)]: `${labLockfile(manager)}\n\n# the end\n` }),
    affected: [],
  },
  {
    name: "lockfile deleted",
    files: (manager) => ({ [lockPath(manager)]: null }),
    affected: ALL,
    uncertain: ["lockfile_removed"],
  },
  {
    name: "delete a source file in b",
    files: () => ({ "packages/b/src/index.js": null }),
    affected: under("b", "f"),
  },
  {
    name: "rename file within b",
    moves: { "packages/b/src/index.js": "packages/b/src/main.js" },
    affected: under("b", "f"),
  },
  {
    name: "rename file across components k -> a",
    moves: { "packages/k/src/index.js": "packages/a/src/fromk.js" },
    affected: [...A, ...under("k")],
  },
  {
    name: "rename file from component k to root scripts/",
    moves: { "packages/k/src/index.js": "scripts/k.js" },
    affected: ALL,
    uncertain: ["path_unowned"],
  },
  { name: "delete whole leaf component k", files: () => removed("k"), affected: [] },
  {
    name: "delete component b, f drops the dep",
    files: () => ({ ...removed("b"), "packages/f/package.json": labManifest("f", { dependencies: {} }) }),
    affected: under("f"),
  },
  {
    name: "delete whole component k + lockfile",
    files: (manager) => ({ ...removed("k"), [lockPath(manager)]: labLockfile(manager, { without: ["k"] }) }),
    affected: [],
  },
  {
    name: "move component k to packages/k2 (same name)",
    moves: moved("k", "k2"),
    affected: under("k", "k2"),
  },
  {
    name: "move component a to packages/a2 (has dependents)",
    moves: moved("a", "a2"),
    affected: [...A, ...under("a2")],
  },
  {
    name: "add new component z (depends on a)",
    files: () => ({
      "packages/z/package.json": labManifest("z", { dependencies: { "@l/a": "workspace:*" } }),
      "packages/z/src/index.js": "export {};\n",
    }),
    affected: under("z"),
  },
  {
    name: "add dep edge k -> lone",
    files: () => ({
      "packages/k/package.json": labManifest("k", { dependencies: { "@l/lone": "workspace:*" } }),
    }),
    affected: under("k"),
  },
  {
    name: "remove dep edge b -> a",
    files: () => ({ "packages/b/package.json": labManifest("b", { dependencies: {} }) }),
    affected: under("b", "f"),
  },
  {
    name: "rename component (name field) k",
    files: () => ({ "packages/k/package.json": labManifest("k", { name: "@l/kappa" }) }),
    affected: under("k"),
  },
  {
    name: "chmod +x only on k source",
    files: () => ({
      "packages/k/src/index.js": {
        executable: 'export const name = "k"; // and enough to be recognised when it moves\n',
      },
    }),
    affected: under("k"),
  },
  {
    name: "file with space and unicode in k",
    files: () => ({ "packages/k/src/a b é.js": "export {};\n" }),
    affected: under("k"),
  },
  {
    ...loose(
      "dir whose name is a prefix of a component (packages/kk/file, not a component)",
      "packages/kk/file.txt",
    ),
  },
  { name: "empty commit", files: () => ({}), affected: [] },
  {
    name: 'edit a/package.json: only "description"',
    files: () => ({ "packages/a/package.json": labManifest("a", { description: "the letter a" }) }),
    affected: A,
  },
  {
    name: "add untracked-looking node_modules path in k (force added)",
    files: () => ({ "packages/k/node_modules/q/index.js": "module.exports = 1;\n" }),
    affected: under("k"),
  },
];
