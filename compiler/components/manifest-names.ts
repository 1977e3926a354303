import { baseName } from "../paths.ts";

/** File names that discovery reads, by who reads them. A path with `/` is one below any folder. */
const NAMES = {
  javascript: [
    "package.json",
    "pnpm-workspace.yaml",
    ".yarnrc.yml",
    "pnpm-lock.yaml",
    "yarn.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
  ],
  cargo: ["Cargo.toml", "Cargo.lock"],
  go: ["go.mod", "go.sum", "go.work", "go.work.sum"],
  maven: ["pom.xml"],
  python: ["pyproject.toml", "uv.lock"],
} as const;

export type Ecosystem = keyof typeof NAMES;

const MANIFESTS: ReadonlySet<string> = new Set(Object.values(NAMES).flat());
/** Folders of code that was installed or copied in: its manifests describe no component of this repository. */
const FOREIGN_FOLDER = /(?:^|\/)(?:node_modules|vendor|bower_components)\//;

/** Whether discovery needs what stands at a path. */
export function isManifest(path: string): boolean {
  return MANIFESTS.has(baseName(path)) && !FOREIGN_FOLDER.test(path);
}

/** The manifests among these paths, by file name. */
export function manifestsByName(paths: Iterable<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const path of paths) {
    if (!isManifest(path)) continue;
    const name = baseName(path);
    const list = found.get(name);
    if (list === undefined) found.set(name, [path]);
    else list.push(path);
  }
  return found;
}
