import { foldersAround, isInside, resolveFrom } from "../../paths.ts";
import type { Unreadable } from "../findings.ts";
import { FolderGlobs } from "../folder-globs.ts";
import { FolderList } from "../folder-list.ts";
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
  const list = new FolderList(folders);
  const taken = new Set<string>();
  const projects: CargoProject[] = [];
  // What lies inside a crate and is listed by no workspace around it (a fuzz target, a fixture) belongs to that crate.
  const isForeign = (folder: string): boolean => isForeignFolder(folder, taken);
  for (const folder of folders) {
    const root = manifests.get(folder);
    if (root?.hasWorkspace !== true || isForeign(folder)) continue;
    const crates = membersOf(root, manifests, list, problems).filter((crate) => !taken.has(crate.folder));
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
  folders: FolderList,
  problems: Unreadable[],
): CargoManifest[] {
  const workspace = tableIn(root.table, "workspace");
  const globs = textsIn(workspace, "members");
  const list = new FolderGlobs(globs);
  const excluded = new Set(
    textsIn(workspace, "exclude").flatMap((path) => resolveFrom(root.folder, path) ?? []),
  );
  const isExcluded = (folder: string): boolean =>
    excluded.size > 0 && [folder, ...foldersAround(folder)].some((around) => excluded.has(around));
  const relative = (folder: string): string =>
    root.folder === "." ? folder : folder.slice(root.folder.length + 1);
  const members = new Map<string, CargoManifest>();
  const add = (folder: string): void => {
    const crate = manifests.get(folder);
    if (crate?.hasPackage === true && (crate === root || !crate.hasWorkspace)) members.set(folder, crate);
  };
  add(root.folder);
  const outside = new Set(
    globs.flatMap((glob) => (glob.startsWith("../") ? (resolveFrom(root.folder, glob) ?? []) : [])),
  );
  const below = new Set(folders.below(root.folder));
  for (const folder of outside.size === 0 ? below : folders.inOrder([...below.union(outside)])) {
    const isBelow = below.has(folder);
    const isListed = isBelow && list.admits(relative(folder)) && !isExcluded(folder);
    if (isListed || outside.has(folder) || (isBelow && pointsTo(manifests.get(folder), root))) add(folder);
  }
  for (const why of list.problems()) problems.push({ path: root.path, why });
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
