import type { Here } from "./here.ts";

export type Ecosystem = "npm" | "pnpm" | "yarn" | "cargo" | "go";

/** A package of a workspace below the root. */
interface Member {
  readonly root: string;
  readonly scripts: readonly string[];
}

/** What a repository shows; enough to write a first pipeline for it. */
export interface Findings {
  readonly ecosystems: readonly Ecosystem[];
  /** How the packages of JavaScript are installed; null without a package.json at the root. */
  readonly install: string | null;
  /** Scripts of the root package.json that a pipeline can run. */
  readonly scripts: readonly string[];
  /** Every folder that is a component, of any ecosystem. */
  readonly roots: readonly string[];
  readonly members: readonly Member[];
  /** A lockfile is there, so that `--locked` can hold to it. */
  readonly cargoLocked: boolean;
  /** Folders with a go.mod; of those that are components, what they depend on is known. */
  readonly goModules: readonly { readonly root: string; readonly isComponent: boolean }[];
}

const JAVASCRIPT: ReadonlySet<string> = new Set(["npm", "pnpm", "yarn"]);

/** A manifest that cannot be read counts as one that says nothing. */
export function detect({ paths, components, text }: Here): Findings {
  const names = new Set(paths);
  const manager = names.has("package.json") ? managerOf(names) : null;
  const modules = paths.filter(isGoModule).map((path) => path.replace(/\/?go\.mod$/, "") || ".");
  const goRoots = new Set(components.flatMap(({ kind, root }) => (kind === "go" ? [root] : [])));
  const ecosystems: Ecosystem[] = manager === null ? [] : [manager];
  if (names.has("Cargo.toml")) ecosystems.push("cargo");
  if (modules.length > 0 || names.has("go.work")) ecosystems.push("go");
  return {
    ecosystems,
    install: manager === null ? null : installOf(manager, names, text("yarn.lock")),
    scripts: scriptsOf(text("package.json")),
    roots: components.map(({ root }) => root),
    members: components
      .filter(({ kind, root }) => JAVASCRIPT.has(kind) && root !== ".")
      .map(({ root }) => ({ root, scripts: scriptsOf(text(`${root}/package.json`)) })),
    cargoLocked: names.has("Cargo.lock"),
    goModules: modules.map((root) => ({ root, isComponent: goRoots.has(root) })),
  };
}

function managerOf(names: ReadonlySet<string>): "npm" | "pnpm" | "yarn" {
  if (names.has("pnpm-lock.yaml") || names.has("pnpm-workspace.yaml")) return "pnpm";
  return names.has("yarn.lock") ? "yarn" : "npm";
}

/** Installs what the lockfile says where there is one, and else what it finds. */
function installOf(
  manager: "npm" | "pnpm" | "yarn",
  names: ReadonlySet<string>,
  yarnLock: string | null,
): string {
  if (manager === "npm")
    return names.has("package-lock.json") || names.has("npm-shrinkwrap.json") ? "npm ci" : "npm install";
  if (manager === "pnpm")
    return names.has("pnpm-lock.yaml") ? "pnpm install --frozen-lockfile" : "pnpm install";
  // Yarn 1 wrote this line, and knows no --immutable.
  return yarnLock?.includes("# yarn lockfile v1") === true
    ? "yarn install --frozen-lockfile"
    : "yarn install --immutable";
}

function scriptsOf(manifest: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(manifest ?? "");
    const scripts = (value as { scripts?: unknown } | null)?.scripts;
    return typeof scripts === "object" && scripts !== null ? Object.keys(scripts) : [];
  } catch {
    return [];
  }
}

/** Go itself looks into no folder of these names. */
function isGoModule(path: string): boolean {
  return /(?:^|\/)go\.mod$/.test(path) && !/(?:^|\/)(?:vendor|testdata|node_modules|[._][^/]*)\//.test(path);
}
