import type { TreeSnapshot } from "../../input.ts";
import { folderOf, inFolder, resolveFrom } from "../../paths.ts";
import { EdgeList } from "../edge-list.ts";
import { type Findings, noFindings } from "../findings.ts";
import { attempt, LOCKFILE_BYTES_MAX, readText } from "../manifest-text.ts";
import { isRecord } from "../javascript/package-json.ts";
import { tableIn, textIn } from "../toml.ts";
import { toolchainGovernors } from "../toolchain.ts";
import { workspaceGovernor } from "./governors.ts";
import { type CargoLock, readCargoLock } from "./lock.ts";
import { type CargoDependency, type CargoManifest, readCargoManifest } from "./manifest.ts";
import { type CargoProject, findCargoProjects } from "./workspaces.ts";

/** Files that cargo and rustup read for every crate below them. */
const TOOLCHAIN_FILES = ["rust-toolchain.toml", "rust-toolchain", ".cargo/config.toml", ".cargo/config"];

/** Cargo crates and workspaces. */
export function discoverCargo(snapshot: TreeSnapshot, paths: readonly string[]): Findings {
  const edges = new EdgeList();
  const findings = { ...noFindings(), edges: edges.edges };
  const manifests = new Map<string, CargoManifest>();
  for (const path of paths) {
    const read = attempt(() => readCargoManifest(snapshot, path));
    if ("why" in read) findings.unreadable.push({ path, why: read.why });
    else if (read.value !== null) manifests.set(folderOf(path), read.value);
  }
  const projects = findCargoProjects(manifests, findings.unreadable);
  for (const { crates } of projects) {
    for (const { folder, name, place } of crates) {
      findings.components.push({ root: folder, name, kind: "cargo", manifest: place, ownership: "folder" });
    }
  }
  const roots = new Set(findings.components.map(({ root }) => root));
  for (const project of projects) {
    const lock = addLock(snapshot, project, findings);
    addEdges(project, roots, lock, edges);
    if (project.root.hasWorkspace) findings.governors.push(workspaceGovernor(project));
    const members = project.crates.map(({ folder }) => folder);
    findings.governors.push(...toolchainGovernors(snapshot, project.folder, TOOLCHAIN_FILES, members));
  }
  findings.unreadable.push(...edges.problems());
  return findings;
}

function addEdges(
  project: CargoProject,
  roots: ReadonlySet<string>,
  lock: CargoLock | null,
  edges: EdgeList,
): void {
  const shared = tableIn(project.root.table, "workspace", "dependencies");
  const patched = patchedFolders(project, roots);
  const target = (crate: CargoManifest, dependency: CargoDependency): string | null => {
    const said = shared[dependency.key];
    const inherited = dependency.inherited && isRecord(said) ? textIn(said, "path") : null;
    if (inherited !== null) return resolveFrom(project.folder, inherited);
    return dependency.path === null ? null : resolveFrom(crate.folder, dependency.path);
  };
  for (const crate of project.crates) {
    if (edges.isFull) return;
    for (const dependency of crate.dependencies) {
      const to = target(crate, dependency);
      if (to === null || !roots.has(to)) continue;
      edges.add({ from: crate.folder, kind: dependency.kind, place: dependency.place }, [to]);
    }
    if (patched.length > 0) addPatchEdges(project, crate, patched, lock, edges);
  }
}

/**
 * A patch replaces a crate for whatever asks for it by name. What crates from outside ask for is known
 * where there is a lockfile.
 */
function addPatchEdges(
  { root }: CargoProject,
  crate: CargoManifest,
  patched: readonly { readonly crate: string; readonly folder: string }[],
  lock: CargoLock | null,
  edges: EdgeList,
): void {
  const reached = lock?.throughOutside(crate.folder) ?? new Set();
  for (const { folder, crate: name } of patched) {
    if (folder === crate.folder) continue;
    const asked = crate.dependencies.find((dependency) => dependency.crate === name);
    if (asked === undefined && !reached.has(folder)) continue;
    const { kind, place } = asked ?? { kind: "runtime", place: root.placeOf("crates-io", name) };
    edges.add({ from: crate.folder, kind, place }, [folder]);
  }
}

function patchedFolders(
  { root, folder }: CargoProject,
  roots: ReadonlySet<string>,
): { readonly crate: string; readonly folder: string }[] {
  const sources = Object.values(tableIn(root.table, "patch")).filter(isRecord);
  return sources.flatMap((source) =>
    Object.entries(source).flatMap(([crate, said]) => {
      const path = isRecord(said) ? textIn(said, "path") : null;
      const target = path === null ? null : resolveFrom(folder, path);
      return target !== null && roots.has(target) ? [{ crate, folder: target }] : [];
    }),
  );
}

function addLock(
  snapshot: TreeSnapshot,
  { folder, root, crates }: CargoProject,
  findings: Findings,
): CargoLock | null {
  const path = inFolder(folder, "Cargo.lock");
  if (!snapshot.entries.has(path)) return null;
  const inherited = textIn(tableIn(root.table, "workspace", "package"), "version");
  const local = crates.flatMap((crate) =>
    crate.name === null
      ? []
      : [{ root: crate.folder, name: crate.name, version: crate.version ?? inherited }],
  );
  const read = attempt(() => readCargoLock(readText(snapshot, path, LOCKFILE_BYTES_MAX) ?? "", local));
  const lock = "value" in read ? read.value : null;
  const members = crates.map((crate) => crate.folder);
  findings.resolutions.push({
    path,
    members,
    graph: lock?.graph ?? null,
    why: "why" in read ? read.why : null,
  });
  return lock;
}
