import type { EdgeKind } from "../../../schemas/components.ts";
import type { Place } from "../../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../../input.ts";
import { folderOf, foldersAround, resolveFrom } from "../../paths.ts";
import { BlobCache } from "../blob-cache.ts";
import { EdgeList } from "../edge-list.ts";
import { type Findings, noFindings } from "../findings.ts";
import { attempt, LinePlaces, readText, Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { isTrialFolder } from "../trial-folders.ts";
import { childOf, childText, readXml, type XmlElement } from "./xml.ts";

interface Pom {
  readonly path: string;
  readonly folder: string;
  readonly place: Place;
  /** `group:artifact`; the group may come from the parent. */
  readonly name: string;
  /** Folders of its modules. */
  readonly modules: readonly string[];
  readonly asked: readonly { readonly name: string; readonly kind: EdgeKind; readonly place: Place }[];
}

/** Manifests kept in memory; a large build has some hundreds, at head and at base. */
const POMS_KEPT_MAX = 2_000;
const known = new BlobCache<Pom>(POMS_KEPT_MAX);

/** Maven modules. A child depends on its parent, so a change of the parent's `pom.xml` reaches it. */
export function discoverMaven(snapshot: TreeSnapshot, paths: readonly string[]): Findings {
  const edges = new EdgeList();
  const findings = { ...noFindings(), edges: edges.edges };
  const poms = new Map<string, Pom>();
  for (const path of paths) {
    const read = attempt(() => readPom(snapshot, path));
    if ("why" in read) findings.unreadable.push({ path, why: read.why });
    else if (read.value !== null) poms.set(folderOf(path), read.value);
  }
  const found = reachable(poms);
  const byName = new Map<string, string[]>();
  for (const { name, folder } of found) append(byName, name, folder);
  for (const { folder, name, place, modules, asked } of found) {
    // An aggregator stands for its build alone: what else lies around its modules belongs to no one.
    const ownership = modules.length > 0 ? "manifest" : "folder";
    findings.components.push({ root: folder, name, kind: "maven", manifest: place, ownership });
    if (edges.isFull) continue;
    for (const { name: target, ...dependency } of asked) {
      edges.add({ from: folder, ...dependency }, byName.get(target) ?? []);
    }
  }
  findings.unreadable.push(...edges.problems());
  return findings;
}

/** Builds from the outermost `pom.xml` down: what no module list names inside another build is trial material. */
function reachable(poms: ReadonlyMap<string, Pom>): Pom[] {
  const folders = [...poms.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const taken = new Map<string, Pom>();
  const take = (first: string): void => {
    const queue = new Set([first]);
    // A set grows while it is walked.
    for (const folder of queue) {
      const pom = poms.get(folder);
      if (pom === undefined || taken.has(folder)) continue;
      taken.set(folder, pom);
      for (const module of pom.modules) queue.add(module);
    }
  };
  for (const folder of folders) {
    const enclosed = [...foldersAround(folder)].some((around) => around !== folder && taken.has(around));
    if (folder === "." || (!enclosed && !isTrialFolder(folder))) take(folder);
  }
  return [...taken.values()];
}

function readPom(snapshot: TreeSnapshot, path: string): Pom | null {
  return known.get(snapshot, path, () => {
    const text = readText(snapshot, path);
    return text === null ? null : parsePom(path, text);
  });
}

function parsePom(path: string, text: string): Pom {
  const project = childOf(readXml(text), "project");
  if (project === undefined) throw new Unusable("it has no <project>");
  const places = new LinePlaces(path, text);
  const folder = folderOf(path);
  const parent = childOf(project, "parent");
  const group = childText(project, "groupId") ?? childText(parent, "groupId") ?? "";
  const nameOf = (element: XmlElement): string => {
    const written = childText(element, "groupId") ?? group;
    const own = /^\$\{(?:project\.|pom\.)?groupId\}$/.test(written) ? group : written;
    return `${own}:${childText(element, "artifactId") ?? ""}`;
  };
  const asked = [
    ...(parent === undefined ? [] : [{ element: parent, kind: "build" as const }]),
    ...dependenciesOf(project),
  ];
  const lists = [project, ...(childOf(project, "profiles")?.children ?? [])].map((owner) =>
    childOf(owner, "modules"),
  );
  const modules = lists
    .flatMap((list) => list?.children ?? [])
    .flatMap(({ text: written }) => {
      const target = resolveFrom(folder, written.trim());
      return target === null ? [] : [target.endsWith(".xml") ? folderOf(target) : target];
    });
  return {
    path,
    folder,
    place: places.at(childOf(project, "artifactId")?.start ?? project.start),
    name: `${group}:${childText(project, "artifactId") ?? ""}`,
    modules,
    asked: asked.map(({ element, kind }) => ({
      name: nameOf(element),
      kind,
      place: places.at(element.start),
    })),
  };
}

function dependenciesOf(project: XmlElement): { readonly element: XmlElement; readonly kind: EdgeKind }[] {
  const owners = [project, ...(childOf(project, "profiles")?.children ?? [])];
  return owners.flatMap((owner) => {
    const managed = childOf(owner, "dependencyManagement", "dependencies")?.children ?? [];
    const imported = managed.filter((element) => childText(element, "scope") === "import");
    const plugins = childOf(owner, "build", "plugins")?.children ?? [];
    const inside = plugins.flatMap((plugin) => childOf(plugin, "dependencies")?.children ?? []);
    const own = childOf(owner, "dependencies")?.children ?? [];
    return [
      ...own.map((element) => ({ element, kind: kindOf(element) })),
      ...[...imported, ...plugins, ...inside].map((element) => ({ element, kind: "build" as const })),
    ];
  });
}

function kindOf(element: XmlElement): EdgeKind {
  if (childText(element, "scope") === "test") return "dev";
  return childText(element, "optional") === "true" ? "optional" : "runtime";
}
