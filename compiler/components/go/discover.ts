import type { Place } from "../../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../../input.ts";
import { folderOf, inFolder, resolveFrom } from "../../paths.ts";
import { EdgeList } from "../edge-list.ts";
import { type Fact, type Findings, noFindings, type ResolutionGraph } from "../findings.ts";
import { attempt, LOCKFILE_BYTES_MAX, readText, Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";
import { type GoDirective, readGoDirectives } from "./go-mod.ts";

interface GoModule {
  readonly root: string;
  readonly name: string | null;
  readonly place: Place;
  readonly directives: readonly GoDirective[];
}

/** Go modules and workspaces. `testdata` belongs to the module around it, as for the go command. */
export function discoverGo(
  snapshot: TreeSnapshot,
  modFiles: readonly string[],
  workFiles: readonly string[],
): Findings {
  const edges = new EdgeList();
  const findings = { ...noFindings(), edges: edges.edges };
  const modules: GoModule[] = [];
  for (const path of modFiles.filter((file) => !/(?:^|\/)testdata\//.test(file))) {
    const read = attempt(() => readModule(snapshot, path));
    const found = "value" in read ? read.value : unnamed(path);
    if ("why" in read) findings.unreadable.push({ path, why: read.why });
    if (found === null) continue;
    modules.push(found);
    const { root, name, place } = found;
    findings.components.push({ root, name, kind: "go", manifest: place, ownership: "folder" });
    addSum(snapshot, inFolder(root, "go.sum"), [root], findings);
  }
  addModuleEdges(modules, edges);
  findings.unreadable.push(...edges.problems());
  const roots = new Set(modules.map(({ root }) => root));
  for (const path of workFiles) addWorkspace(snapshot, path, roots, findings);
  return findings;
}

function unnamed(path: string): GoModule {
  return { root: folderOf(path), name: null, place: { file: path, line: 1, column: 1 }, directives: [] };
}

function readModule(snapshot: TreeSnapshot, path: string): GoModule | null {
  const text = readText(snapshot, path);
  if (text === null) return null;
  const directives = readGoDirectives(path, text);
  const named = directives.find(({ verb }) => verb === "module");
  return {
    ...unnamed(path),
    name: named?.words[0] ?? null,
    place: named?.place ?? unnamed(path).place,
    directives,
  };
}

/**
 * What a module requires of the repository: the folder its `replace` names, else the module of that
 * path. A `replace` that no `require` asks for is no dependency.
 */
function addModuleEdges(modules: readonly GoModule[], edges: EdgeList): void {
  const byName = new Map<string, string[]>();
  const roots = new Set(modules.map(({ root }) => root));
  for (const { name, root } of modules) if (name !== null) append(byName, name, root);
  for (const { root, directives } of modules) {
    if (edges.isFull) return;
    const replaced = new Map<string, string>();
    for (const { verb, words } of directives) {
      const arrow = words.indexOf("=>");
      if (verb === "replace" && arrow > 0) replaced.set(words[0] ?? "", words[arrow + 1] ?? "");
    }
    for (const { verb, words, place } of directives) {
      if (verb !== "require") continue;
      const name = words[0] ?? "";
      const to = targets(root, replaced.get(name) ?? name, byName, roots);
      edges.add({ from: root, kind: "runtime", place }, to);
    }
  }
}

function targets(
  from: string,
  named: string,
  byName: ReadonlyMap<string, readonly string[]>,
  roots: ReadonlySet<string>,
): readonly string[] {
  if (!/^\.{1,2}(?:\/|$)/.test(named)) return byName.get(named) ?? [];
  const folder = resolveFrom(from, named);
  return folder !== null && roots.has(folder) ? [folder] : [];
}

/** `go.work` speaks for the modules it uses; `use` itself too, for it decides what is linked. */
function addWorkspace(
  snapshot: TreeSnapshot,
  path: string,
  roots: ReadonlySet<string>,
  findings: Findings,
): void {
  const folder = folderOf(path);
  const read = attempt(() => readGoDirectives(path, readText(snapshot, path) ?? ""));
  const directives = "value" in read ? read.value : [];
  const used = directives
    .filter(({ verb }) => verb === "use")
    .flatMap(({ words }) => resolveFrom(folder, words[0] ?? "") ?? [])
    .filter((root) => roots.has(root));
  const members = "value" in read ? used : [...roots];
  const facts = new Map<string, Fact>();
  for (const verb of new Set(directives.map((directive) => directive.verb))) {
    const lines = directives.filter((directive) => directive.verb === verb);
    const value = lines
      .map(({ words }) => words.join(" "))
      .sort()
      .join("\n");
    facts.set(verb, { value, governs: members, reach: "wide" });
  }
  const why = "why" in read ? read.why : null;
  findings.governors.push({ path, members, facts: why === null ? facts : null, why, exclusive: true });
  if (why !== null) findings.unreadable.push({ path, why });
  addSum(snapshot, inFolder(folder, "go.work.sum"), members, findings);
}

function addSum(snapshot: TreeSnapshot, path: string, members: readonly string[], findings: Findings): void {
  if (!snapshot.entries.has(path)) return;
  const read = attempt(() => readSum(readText(snapshot, path, LOCKFILE_BYTES_MAX) ?? "", members));
  findings.resolutions.push({
    path,
    members,
    graph: "value" in read ? read.value : null,
    why: "why" in read ? read.why : null,
  });
}

/** `go.sum`: a module, its version and a hash a line. The order says nothing. */
function readSum(text: string, members: readonly string[]): ResolutionGraph {
  const builder = new ResolutionBuilder<string>();
  for (const member of members) builder.importer(member);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (words.length === 1 && words[0] === "") continue;
    const [name, version] = words;
    if (words.length !== 3 || name === undefined || version === undefined) {
      throw new Unusable(`line ${index + 1} is not a module, a version and a hash`);
    }
    const node = builder.add(
      words.join(" "),
      `${name}@${version.replace(/\/go\.mod$/, "")}`,
      words.join(" "),
    );
    for (const member of members) builder.ask(member, name, node);
  }
  return builder.build();
}
