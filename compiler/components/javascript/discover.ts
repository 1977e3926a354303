import type { TreeSnapshot } from "../../input.ts";
import { folderOf, inFolder } from "../../paths.ts";
import { type Findings, noFindings } from "../findings.ts";
import { EdgeList } from "../edge-list.ts";
import { BlobCache } from "../blob-cache.ts";
import { attempt, LOCKFILE_BYTES_MAX, readText, Unusable } from "../manifest-text.ts";
import { type JavaScriptLock, type LockSource, UNKNOWN } from "./lock.ts";
import { readNpmLock } from "./npm-lock.ts";
import { addPackageEdges } from "./package-edges.ts";
import { readPnpmLock } from "./pnpm-lock.ts";
import { rootPackageGovernor, settingsGovernor } from "./workspace-settings.ts";
import {
  findProjects,
  JAVASCRIPT_LOCKFILES,
  type JavaScriptProject,
  UNREAD_LOCKFILES,
} from "./workspaces.ts";
import { readYarnLock } from "./yarn-lock.ts";

/** Lockfiles kept in memory: head and base of a few repositories. A large one takes about 20 MB. */
const LOCKS_KEPT_MAX = 6;
const known = new BlobCache<JavaScriptLock>(LOCKS_KEPT_MAX);

/** Readers by file name. What yarn.lock means can depend on the manifests, so it is read each time. */
const LOCK_READERS: Readonly<Record<string, (source: LockSource) => JavaScriptLock>> = {
  "pnpm-lock.yaml": readPnpmLock,
  "yarn.lock": readYarnLock,
  "package-lock.json": readNpmLock,
  "npm-shrinkwrap.json": readNpmLock,
};
const SETTINGS_FILES = ["pnpm-workspace.yaml", ".yarnrc.yml"];

/** npm, pnpm and yarn: packages, workspaces, settings and lockfiles. */
export function discoverJavaScript(snapshot: TreeSnapshot, manifests: readonly string[]): Findings {
  const edges = new EdgeList();
  const findings = { ...noFindings(), edges: edges.edges };
  const { projects, unreadable } = findProjects(snapshot, manifests);
  // One by one: as arguments, a hundred thousand are more than a call takes.
  for (const one of unreadable) findings.unreadable.push(one);
  for (const project of projects) addComponents(findings, project);
  const roots = new Set(findings.components.map(({ root }) => root));
  for (const project of projects) {
    const locks = readLocks(snapshot, project, findings);
    const link: JavaScriptLock["link"] = (from, name, spec) => locks[0]?.link(from, name, spec) ?? UNKNOWN;
    const isComponent = (root: string): boolean => roots.has(root);
    addPackageEdges({ packages: project.packages, isComponent, link }, edges);
    addGovernors(snapshot, project, locks.length > 0, findings);
  }
  findings.unreadable.push(...edges.problems());
  return findings;
}

function addComponents(findings: Findings, project: JavaScriptProject): void {
  const { packages, manager: kind } = project;
  const alone = packages.length + project.unreadable.length === 1;
  for (const { root, name, place } of packages) {
    const ownership = root === project.folder && !alone ? "manifest" : "folder";
    findings.components.push({ root, name, kind, manifest: place, ownership });
  }
  for (const { path, why } of project.unreadable) {
    const root = folderOf(path);
    const ownership = root === project.folder && !alone ? "manifest" : "folder";
    findings.components.push({
      root,
      name: null,
      kind,
      manifest: { file: path, line: 1, column: 1 },
      ownership,
    });
    findings.unreadable.push({ path, why });
  }
}

/** Every lockfile beside the root speaks for all packages; the first readable one says what is linked. */
function readLocks(snapshot: TreeSnapshot, project: JavaScriptProject, findings: Findings): JavaScriptLock[] {
  const { folder, packages } = project;
  const members = packages.map(({ root }) => root);
  const locks: JavaScriptLock[] = [];
  for (const file of [...JAVASCRIPT_LOCKFILES, ...UNREAD_LOCKFILES]) {
    const path = inFolder(folder, file);
    if (!snapshot.entries.has(path)) continue;
    const read = attempt(() => readLock(snapshot, file, path, project));
    const lock = "value" in read ? read.value : null;
    if (lock !== null) locks.push(lock);
    findings.resolutions.push({
      path,
      members,
      get graph() {
        return lock?.graph ?? null;
      },
      why: "why" in read ? read.why : null,
    });
  }
  return locks;
}

function readLock(
  snapshot: TreeSnapshot,
  file: string,
  path: string,
  { folder, packages }: JavaScriptProject,
): JavaScriptLock | null {
  const reader = LOCK_READERS[file];
  if (reader === undefined) throw new Unusable(`the format of ${file} is not read`);
  const read = (): JavaScriptLock | null => {
    const text = readText(snapshot, path, LOCKFILE_BYTES_MAX);
    return text === null ? null : reader({ text, folder, packages });
  };
  return file === "yarn.lock" ? read() : known.get(snapshot, path, read);
}

function addGovernors(
  snapshot: TreeSnapshot,
  { folder, root, packages }: JavaScriptProject,
  locked: boolean,
  findings: Findings,
): void {
  for (const file of SETTINGS_FILES) {
    const governor = settingsGovernor(snapshot, folder, file, packages, locked);
    if (governor !== null) findings.governors.push(governor);
  }
  if (root !== null && packages.length > 1)
    findings.governors.push(rootPackageGovernor(root, packages, locked));
}
