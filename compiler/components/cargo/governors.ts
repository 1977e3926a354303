import type { TreeSnapshot } from "../../input.ts";
import { inFolder } from "../../paths.ts";
import type { Fact, Governor } from "../findings.ts";
import { isRecord } from "../javascript/package-json.ts";
import { tableIn, type TomlTable } from "../toml.ts";
import type { CargoManifest } from "./manifest.ts";
import type { CargoProject } from "./workspaces.ts";

/** Files that cargo and rustup read for every crate below them; only their bytes are compared. */
const TOOLCHAIN_FILES = ["rust-toolchain.toml", "rust-toolchain", ".cargo/config.toml", ".cargo/config"];
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
    facts.set(key, { value: comparable(value), governs: members, reach: "wide" });
  };
  const exact = (key: string, value: unknown, uses: (crate: CargoManifest) => boolean): void => {
    const governs = crates.filter(uses).map(({ folder }) => folder);
    facts.set(key, { value: comparable(value), governs, reach: "exact" });
  };
  for (const [name, value] of Object.entries(tableIn(workspace, "dependencies"))) {
    const users = (crate: CargoManifest): boolean =>
      crate.dependencies.some(({ key, inherited }) => inherited && key === name);
    exact(`workspace.dependencies.${name}`, value, users);
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

function inherits(value: unknown): boolean {
  return isRecord(value) && value["workspace"] === true;
}

export function toolchainGovernors(snapshot: TreeSnapshot, { folder, crates }: CargoProject): Governor[] {
  const members = crates.map((crate) => crate.folder);
  return TOOLCHAIN_FILES.flatMap((file) => {
    const entry = snapshot.entries.get(inFolder(folder, file));
    if (entry === undefined) return [];
    const facts = new Map<string, Fact>([
      ["its content", { value: entry.blob, governs: members, reach: "wide" }],
    ]);
    return [{ path: entry.path, members, facts, why: null, exclusive: true }];
  });
}

/** Text that is equal exactly when the values are; the order of keys says nothing. */
function comparable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(comparable).join(",")}]`;
  if (!isRecord(value) || value instanceof Date) return JSON.stringify(value);
  const entries = Object.entries(value as TomlTable).map(
    ([key, item]) => `${JSON.stringify(key)}:${comparable(item)}`,
  );
  return `{${entries.sort().join(",")}}`;
}
