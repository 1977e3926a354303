import type { TreeSnapshot } from "../../input.ts";
import { folderOf, inFolder, resolveFrom } from "../../paths.ts";
import { EdgeList } from "../edge-list.ts";
import { type Fact, type Findings, type Governor, noFindings } from "../findings.ts";
import { FolderGlobs } from "../folder-globs.ts";
import { FolderList } from "../folder-list.ts";
import { attempt, readText } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { comparableToml, tableIn, textsIn } from "../toml.ts";
import { toolchainGovernors } from "../toolchain.ts";
import { isForeignFolder } from "../trial-folders.ts";
import { type PyProject, readPyProject } from "./manifest.ts";
import { readUvLock } from "./uv-lock.ts";

/** A uv workspace with its projects, or one project that belongs to none. */
interface PythonWorkspace {
  readonly folder: string;
  readonly root: PyProject;
  readonly projects: readonly PyProject[];
}

/** uv.lock is read as TOML, which costs more a byte than a lockfile read line by line. */
const UV_LOCK_BYTES_MAX = 8 * 1024 * 1024;
/** Files that uv reads for every project below them. */
const TOOLCHAIN_FILES = [".python-version", "uv.toml"];

/** Python projects: uv workspaces, Poetry, or a `pyproject.toml` by itself. */
export function discoverPython(snapshot: TreeSnapshot, paths: readonly string[]): Findings {
  const edges = new EdgeList();
  const findings = { ...noFindings(), edges: edges.edges };
  const manifests = new Map<string, PyProject>();
  for (const path of paths) {
    const read = attempt(() => readPyProject(snapshot, path));
    if ("why" in read) findings.unreadable.push({ path, why: read.why });
    else if (read.value !== null) manifests.set(folderOf(path), read.value);
  }
  const workspaces = findWorkspaces(manifests, findings);
  for (const { folder, name, place } of workspaces.flatMap(({ projects }) => projects)) {
    findings.components.push({ root: folder, name, kind: "python", manifest: place, ownership: "folder" });
  }
  const roots = new Set(findings.components.map(({ root }) => root));
  for (const workspace of workspaces) {
    addEdges(workspace, roots, edges);
    addLock(snapshot, workspace, findings);
    const members = workspace.projects.map(({ folder }) => folder);
    if (members.length < 2) continue;
    findings.governors.push(rootGovernor(workspace, members));
    findings.governors.push(...toolchainGovernors(snapshot, workspace.folder, TOOLCHAIN_FILES, members));
  }
  findings.unreadable.push(...edges.problems());
  return findings;
}

function findWorkspaces(manifests: ReadonlyMap<string, PyProject>, findings: Findings): PythonWorkspace[] {
  const folders = [...manifests.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const list = new FolderList(folders);
  const taken = new Set<string>();
  const workspaces: PythonWorkspace[] = [];
  for (const folder of folders) {
    const root = manifests.get(folder);
    if (root === undefined || taken.has(folder) || isForeignFolder(folder, taken)) continue;
    const members = membersOf(root, manifests, list, findings);
    const projects = [root, ...members].filter(({ name }) => name !== null);
    if (projects.length === 0) continue;
    for (const project of projects) taken.add(project.folder);
    workspaces.push({ folder, root, projects });
  }
  return workspaces;
}

function membersOf(
  root: PyProject,
  manifests: ReadonlyMap<string, PyProject>,
  folders: FolderList,
  findings: Findings,
): PyProject[] {
  const workspace = tableIn(root.table, "tool", "uv", "workspace");
  const globs = textsIn(workspace, "members");
  if (globs.length === 0) return [];
  const list = new FolderGlobs([...globs, ...textsIn(workspace, "exclude").map((glob) => `!${glob}`)]);
  const relative = (folder: string): string =>
    root.folder === "." ? folder : folder.slice(root.folder.length + 1);
  const members = folders.below(root.folder).filter((folder) => list.admits(relative(folder)));
  for (const why of list.problems()) findings.unreadable.push({ path: root.path, why });
  return members.flatMap((folder) => manifests.get(folder) ?? []);
}

/** A path says where it leads; a name means the project of that name in the same workspace. */
function addEdges({ projects }: PythonWorkspace, roots: ReadonlySet<string>, edges: EdgeList): void {
  const byName = new Map<string, string[]>();
  for (const { name, folder } of projects) if (name !== null) append(byName, name, folder);
  for (const { folder, dependencies } of projects) {
    if (edges.isFull) return;
    for (const { name, path, kind, place } of dependencies) {
      const target = path === null ? null : resolveFrom(folder, path);
      const targets = path === null ? (byName.get(name) ?? []) : target === null ? [] : [target];
      edges.add(
        { from: folder, kind, place },
        path === null ? targets : targets.filter((to) => roots.has(to)),
      );
    }
  }
}

/** What the workspace root configures for every project: all of `tool` but what shows in the graph or the lockfile. */
function rootGovernor({ root }: PythonWorkspace, members: readonly string[]): Governor {
  const facts = new Map<string, Fact>();
  for (const [tool, value] of Object.entries(tableIn(root.table, "tool"))) {
    const shown = tool === "poetry" || tool === "uv";
    if (!shown) facts.set(`tool.${tool}`, { value: comparableToml(value), governs: members, reach: "wide" });
  }
  return { path: root.path, members, facts, why: null, exclusive: root.name === null };
}

function addLock(snapshot: TreeSnapshot, { folder, projects }: PythonWorkspace, findings: Findings): void {
  const path = inFolder(folder, "uv.lock");
  if (!snapshot.entries.has(path)) return;
  const read = attempt(() => readUvLock(readText(snapshot, path, UV_LOCK_BYTES_MAX) ?? "", folder));
  findings.resolutions.push({
    path,
    members: projects.map((project) => project.folder),
    graph: "value" in read ? read.value : null,
    why: "why" in read ? read.why : null,
  });
}
