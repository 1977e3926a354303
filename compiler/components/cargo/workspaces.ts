import { isInside, resolveFrom } from "../../paths.ts";
import type { Unreadable } from "../findings.ts";
import { FolderGlobs } from "../folder-globs.ts";
import { isForeignFolder } from "../trial-folders.ts";
import { tableIn, textIn, textsIn } from "../toml.ts";
import type { CargoManifest } from "./manifest.ts";

/** A workspace with its crates, or a single crate that belongs to none. */
export interface CargoProject {
  readonly folder: string;
  /** The manifest with `[workspace]`; the crate's own when it stands alone. */
  readonly root: CargoManifest;
  /** Manifests with `[package]`, the root's first when it has one. */
  readonly crates: readonly CargoManifest[];
}

/** Cargo's own rules: listed members, path dependencies below the root, and `package.workspace`. */
export function findCargoProjects(
  manifests: ReadonlyMap<string, CargoManifest>,
  problems: Unreadable[],
): CargoProject[] {
  const folders = [...manifests.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const taken = new Set<string>();
  const projects: CargoProject[] = [];
  // What lies inside a crate and is listed by no workspace around it (a fuzz target, a fixture) belongs to that crate.
  const isForeign = (folder: string): boolean => isForeignFolder(folder, taken);
  for (const folder of folders) {
    const root = manifests.get(folder);
    if (root?.hasWorkspace !== true || isForeign(folder)) continue;
    const crates = membersOf(root, manifests, folders, problems).filter((crate) => !taken.has(crate.folder));
    for (const crate of crates) taken.add(crate.folder);
    projects.push({ folder, root, crates });
  }
  for (const folder of folders) {
    const root = manifests.get(folder);
    if (root?.hasPackage !== true || taken.has(folder) || isForeign(folder)) continue;
    taken.add(folder);
    projects.push({ folder, root, crates: [root] });
  }
  return projects;
}

function membersOf(
  root: CargoManifest,
  manifests: ReadonlyMap<string, CargoManifest>,
  folders: readonly string[],
  problems: Unreadable[],
): CargoManifest[] {
  const workspace = tableIn(root.table, "workspace");
  const globs = textsIn(workspace, "members");
  const list = new FolderGlobs(globs);
  for (const why of list.problems) problems.push({ path: root.path, why });
  const excluded = textsIn(workspace, "exclude").flatMap((path) => resolveFrom(root.folder, path) ?? []);
  const isExcluded = (folder: string): boolean => excluded.some((path) => isInside(path, folder));
  const relative = (folder: string): string =>
    root.folder === "." ? folder : folder.slice(root.folder.length + 1);
  const members = new Map<string, CargoManifest>();
  const add = (folder: string): void => {
    const crate = manifests.get(folder);
    if (crate?.hasPackage === true && (crate === root || !crate.hasWorkspace)) members.set(folder, crate);
  };
  add(root.folder);
  const outside = globs.flatMap((glob) =>
    glob.startsWith("../") ? (resolveFrom(root.folder, glob) ?? []) : [],
  );
  for (const folder of folders) {
    const below = folder !== root.folder && isInside(root.folder, folder);
    if (below && list.admits(relative(folder)) && !isExcluded(folder)) add(folder);
    else if (below && pointsTo(manifests.get(folder), root)) add(folder);
    else if (outside.includes(folder)) add(folder);
  }
  // A map grows while it is walked: members that path dependencies bring in bring in theirs.
  for (const [, { dependencies, folder }] of members) {
    for (const { path } of dependencies) {
      const target = path === null ? null : resolveFrom(folder, path);
      if (target !== null && isInside(root.folder, target) && !isExcluded(target)) add(target);
    }
  }
  return [...members.values()];
}

function pointsTo(crate: CargoManifest | undefined, root: CargoManifest): boolean {
  const path = crate === undefined ? null : textIn(tableIn(crate.table, "package"), "workspace");
  return path !== null && crate !== undefined && resolveFrom(crate.folder, path) === root.folder;
}
