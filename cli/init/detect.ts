import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

export type Ecosystem = "npm" | "pnpm" | "yarn" | "cargo" | "go";

/** What a repository shows at its root; enough to write a first pipeline for it. */
export interface Findings {
  readonly ecosystems: readonly Ecosystem[];
  /** Scripts of the root package.json that a pipeline can run. */
  readonly scripts: readonly string[];
  /** True when the root package.json or its manager names workspaces. */
  readonly workspaces: boolean;
  /** Folders with a go.mod, from the root or one level below. */
  readonly goModules: readonly string[];
}

async function read(folder: string, name: string): Promise<string | null> {
  return readFile(join(folder, name), "utf8").catch(() => null);
}

/** Reads manifests at the root of the working tree; a file that cannot be read counts as absent. */
export async function detect(root: string): Promise<Findings> {
  const names = new Set(await readdir(root));
  const manifest = parseManifest(await read(root, "package.json"));
  const ecosystems: Ecosystem[] = [];
  if (manifest !== null) {
    if (names.has("pnpm-lock.yaml") || names.has("pnpm-workspace.yaml")) ecosystems.push("pnpm");
    else ecosystems.push(names.has("yarn.lock") ? "yarn" : "npm");
  }
  if (names.has("Cargo.toml")) ecosystems.push("cargo");
  const goModules = await findGoModules(root, names);
  if (goModules.length > 0 || names.has("go.work")) ecosystems.push("go");
  return {
    ecosystems,
    scripts: Object.keys(manifest?.scripts ?? {}),
    workspaces: manifest?.workspaces !== undefined || names.has("pnpm-workspace.yaml"),
    goModules,
  };
}

function parseManifest(text: string | null): { scripts?: object; workspaces?: unknown } | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

async function findGoModules(root: string, names: ReadonlySet<string>): Promise<string[]> {
  const found = names.has("go.mod") ? ["."] : [];
  for (const name of [...names].sort()) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if ((await read(join(root, name), "go.mod")) !== null) found.push(name);
  }
  return found;
}
