import type { Fact, Governor } from "../findings.ts";
import { isRecord } from "../javascript/package-json.ts";
import { append } from "../multimap.ts";
import { comparableToml, tableIn } from "../toml.ts";
import type { CargoManifest } from "./manifest.ts";
import type { CargoProject } from "./workspaces.ts";

/** Tables of the root manifest that hold for every crate of the workspace. */
const SHARED_TABLES = ["profile", "patch", "replace"];
/** Keys of `[workspace]` that show in the graph or mean nothing to cargo. */
const SHOWN_ELSEWHERE = new Set(["members", "exclude", "default-members", "metadata"]);
const INHERITABLE = new Set(["dependencies", "package", "lints"]);

/** What the workspace root's `Cargo.toml` says to its crates; each inherited key to those that inherit it. */
export function workspaceGovernor({ root, crates }: CargoProject): Governor {
  const members = crates.map(({ folder }) => folder);
  const facts = new Map<string, Fact>();
  const workspace = tableIn(root.table, "workspace");
  const wide = (key: string, value: unknown): void => {
    facts.set(key, { value: comparableToml(value), governs: members, reach: "wide" });
  };
  const exact = (key: string, value: unknown, uses: (crate: CargoManifest) => boolean): void => {
    const governs = crates.filter(uses).map(({ folder }) => folder);
    facts.set(key, { value: comparableToml(value), governs, reach: "exact" });
  };
  const users = inheritors(crates);
  for (const [name, value] of Object.entries(tableIn(workspace, "dependencies"))) {
    const governs = users.get(name) ?? [];
    facts.set(`workspace.dependencies.${name}`, { value: comparableToml(value), governs, reach: "exact" });
  }
  for (const [key, value] of Object.entries(tableIn(workspace, "package"))) {
    exact(`workspace.package.${key}`, value, ({ table }) => inherits(tableIn(table, "package")[key]));
  }
  exact("workspace.lints", workspace["lints"] ?? null, ({ table }) => inherits(table["lints"]));
  for (const [key, value] of Object.entries(workspace)) {
    if (!SHOWN_ELSEWHERE.has(key) && !INHERITABLE.has(key)) wide(`workspace.${key}`, value);
  }
  for (const key of SHARED_TABLES) if (root.table[key] !== undefined) wide(key, root.table[key]);
  return { path: root.path, members, facts, why: null, exclusive: !root.hasPackage };
}

/** Folders of the crates that inherit a dependency, by its key. */
function inheritors(crates: readonly CargoManifest[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { folder, dependencies } of crates) {
    const keys = new Set(dependencies.filter(({ inherited }) => inherited).map(({ key }) => key));
    for (const key of keys) append(users, key, folder);
  }
  return users;
}

function inherits(value: unknown): boolean {
  return isRecord(value) && value["workspace"] === true;
}
