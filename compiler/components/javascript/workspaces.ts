import type { TreeSnapshot } from "../../input.ts";
import { folderOf, foldersAround, inFolder } from "../../paths.ts";
import type { Unreadable } from "../findings.ts";
import { FolderGlobs } from "../folder-globs.ts";
import { FolderList } from "../folder-list.ts";
import { attempt } from "../manifest-text.ts";
import { isTrialFolder } from "../trial-folders.ts";
import { isRecord, type PackageJson, readPackageJson } from "./package-json.ts";
import { readSettings } from "./workspace-settings.ts";

export type JavaScriptManager = "npm" | "pnpm" | "yarn";

/** A workspace with its packages, or a single package that belongs to none. */
export interface JavaScriptProject {
  readonly folder: string;
  readonly manager: JavaScriptManager;
  /** The package in `folder`; null when the workspace has no `package.json` of its own. */
  readonly root: PackageJson | null;
  /** The root first, then by path. */
  readonly packages: readonly PackageJson[];
  /** Members whose manifest cannot be read: components without a name or edges. */
  readonly unreadable: readonly Unreadable[];
}

export const JAVASCRIPT_LOCKFILES = [
  "pnpm-lock.yaml",
  "yarn.lock",
  "package-lock.json",
  "npm-shrinkwrap.json",
];
export const UNREAD_LOCKFILES = ["bun.lock", "bun.lockb"];

/** The JavaScript projects of a commit. `manifests` are the paths of every `package.json` and `pnpm-workspace.yaml`. */
export function findProjects(
  snapshot: TreeSnapshot,
  manifests: readonly string[],
): { projects: JavaScriptProject[]; unreadable: Unreadable[] } {
  const folders = [...new Set(manifests.map(folderOf))]
    .map((folder) => ({ folder, depth: depthOf(folder) }))
    .sort((a, b) => a.depth - b.depth || (a.folder < b.folder ? -1 : 1))
    .map(({ folder }) => folder);
  const list = new FolderList(folders);
  const projects: JavaScriptProject[] = [];
  const unreadable: Unreadable[] = [];
  const taken = new Set<string>();
  for (const folder of folders) {
    if (taken.has(folder)) continue;
    const enclosed = [...foldersAround(folder)].some((around) => taken.has(around) && around !== folder);
    if (enclosed && !isIndependent(snapshot, folder)) continue;
    if (!enclosed && folder !== "." && isTrialFolder(folder)) continue;
    const project = readProject(snapshot, folder, list, unreadable);
    projects.push(project);
    taken.add(folder);
    for (const { root } of project.packages) taken.add(root);
    for (const { path } of project.unreadable) taken.add(folderOf(path));
  }
  return { projects, unreadable };
}

function depthOf(folder: string): number {
  return folder === "." ? 0 : folder.split("/").length;
}

/** Inside another project only a folder with an installation of its own stands for itself. */
function isIndependent(snapshot: TreeSnapshot, folder: string): boolean {
  const signs = [...JAVASCRIPT_LOCKFILES, ...UNREAD_LOCKFILES, "pnpm-workspace.yaml"];
  return !isTrialFolder(folder) && signs.some((file) => snapshot.entries.has(inFolder(folder, file)));
}

function readProject(
  snapshot: TreeSnapshot,
  folder: string,
  folders: FolderList,
  problems: Unreadable[],
): JavaScriptProject {
  const path = inFolder(folder, "package.json");
  const unreadable: Unreadable[] = [];
  const read = (manifest: string): PackageJson | null => {
    const result = attempt(() => readPackageJson(snapshot, manifest));
    if ("value" in result) return result.value;
    unreadable.push({ path: manifest, why: result.why });
    return null;
  };
  const root = read(path);
  const globs = memberGlobs(snapshot, folder, root, problems);
  const list = new FolderGlobs(globs);
  const members = (globs.length === 0 ? [] : folders.below(folder))
    .filter((member) => list.admits(folder === "." ? member : member.slice(folder.length + 1)))
    .map((member) => read(inFolder(member, "package.json")))
    .filter((member) => member !== null);
  for (const why of list.problems()) problems.push({ path, why });
  const packages = root === null ? members : [root, ...members];
  return { folder, manager: managerOf(snapshot, folder, root), root, packages, unreadable };
}

/** The globs of `pnpm-workspace.yaml`, else of `workspaces` in `package.json`. */
function memberGlobs(
  snapshot: TreeSnapshot,
  folder: string,
  root: PackageJson | null,
  problems: Unreadable[],
): string[] {
  const path = inFolder(folder, "pnpm-workspace.yaml");
  const settings = attempt(() => readSettings(snapshot, path));
  if ("why" in settings) {
    problems.push({ path, why: settings.why });
    return [];
  }
  const listed = settings.value?.get("packages");
  if (Array.isArray(listed)) return listed.filter((glob) => typeof glob === "string");
  const workspaces = root?.fields["workspaces"];
  const globs = isRecord(workspaces) ? workspaces["packages"] : workspaces;
  if (!Array.isArray(globs)) return [];
  return globs.filter((glob): glob is string => typeof glob === "string");
}

function managerOf(snapshot: TreeSnapshot, folder: string, root: PackageJson | null): JavaScriptManager {
  const has = (file: string): boolean => snapshot.entries.has(inFolder(folder, file));
  if (has("pnpm-workspace.yaml") || has("pnpm-lock.yaml")) return "pnpm";
  if (has("yarn.lock") || has(".yarnrc.yml")) return "yarn";
  const named = root?.fields["packageManager"];
  const [name] = typeof named === "string" ? named.split("@") : [];
  return name === "pnpm" || name === "yarn" ? name : "npm";
}
