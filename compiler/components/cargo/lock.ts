import type { ResolutionGraph } from "../findings.ts";
import { Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";

interface LockedCrate {
  name: string;
  version: string;
  /** null for a crate of this repository. */
  source: string | null;
  checksum: string;
  readonly dependencies: string[];
}

export interface LocalCrate {
  readonly root: string;
  readonly name: string;
  readonly version: string | null;
}

export interface CargoLock {
  readonly graph: ResolutionGraph;
  /** Roots of local crates that one reaches through crates from outside, as a `[patch]` makes possible. */
  throughOutside(root: string): ReadonlySet<string>;
}

/**
 * `Cargo.lock`, all versions, as cargo writes it: line by line. A dependency is named by as much of
 * `name version (source)` as makes it the only one.
 */
export function readCargoLock(text: string, local: readonly LocalCrate[]): CargoLock {
  const crates = readCrates(text);
  const builder = new ResolutionBuilder<LockedCrate>();
  const bySpelling = new Map<string, LockedCrate[]>();
  for (const crate of crates) {
    const { name, version, source } = crate;
    const full = `${name} ${version} (${source ?? ""})`;
    for (const spelling of [name, `${name} ${version}`, full]) append(bySpelling, spelling, crate);
    if (source !== null) builder.add(crate, `${name}@${version}`, `${full} ${crate.checksum}`);
  }
  const nodesNamed = (spelling: string): number[] =>
    (bySpelling.get(spelling) ?? []).flatMap((crate) => builder.find(crate) ?? []);
  for (const crate of crates) {
    const from = builder.find(crate);
    if (from === undefined) continue;
    for (const spelling of crate.dependencies) {
      for (const node of nodesNamed(spelling)) builder.link(from, spelling.split(" ")[0] ?? "", node);
    }
  }
  const rootOf = new Map<LockedCrate, string>();
  for (const { root, name, version } of local) {
    const named = (bySpelling.get(name) ?? []).filter(({ source }) => source === null);
    const exact = named.filter((crate) => crate.version === version);
    for (const crate of exact.length > 0 ? exact : named) {
      rootOf.set(crate, root);
      builder.importer(root);
      for (const spelling of crate.dependencies) {
        for (const node of nodesNamed(spelling)) builder.ask(root, spelling.split(" ")[0] ?? "", node);
      }
    }
  }
  return { graph: builder.build(), throughOutside: outsideWays(bySpelling, rootOf) };
}

function outsideWays(
  bySpelling: ReadonlyMap<string, readonly LockedCrate[]>,
  rootOf: ReadonlyMap<LockedCrate, string>,
): CargoLock["throughOutside"] {
  const next = ({ dependencies }: LockedCrate): LockedCrate[] =>
    dependencies.flatMap((spelling) => bySpelling.get(spelling) ?? []);
  return (root) => {
    const reached = new Set<string>();
    const own = [...rootOf].filter(([, of]) => of === root).map(([crate]) => crate);
    const seen = new Set(own.flatMap(next).filter(({ source }) => source !== null));
    // A set grows while it is walked.
    for (const crate of seen) {
      for (const to of next(crate)) {
        const found = rootOf.get(to);
        if (found !== undefined) reached.add(found);
        else if (to.source !== null) seen.add(to);
      }
    }
    return reached;
  };
}

const FIELD = /^(name|version|source|checksum) = "([^"\\]*)"$/;
const ITEM = /^\s*"([^"\\]*)",?$/;

function readCrates(text: string): LockedCrate[] {
  const crates: LockedCrate[] = [];
  let inCrate = false;
  let inDependencies = false;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trimEnd();
    const crate = crates.at(-1);
    if (/^[<>=]{7}/.test(line)) throw new Unusable(`line ${index + 1} is a mark of a merge conflict`);
    if (line === "[[package]]") {
      crates.push({ name: "", version: "", source: null, checksum: "", dependencies: [] });
      inCrate = true;
    } else if (line.startsWith("[")) {
      inCrate = false;
    } else if (inCrate && crate !== undefined) {
      if (line === "dependencies = [") inDependencies = true;
      else if (line === "]") inDependencies = false;
      else if (inDependencies) crate.dependencies.push(itemOn(line, index + 1));
      else setField(crate, line);
    }
  }
  if (crates.length === 0) throw new Unusable("it names no package");
  return crates;
}

function itemOn(line: string, number: number): string {
  const item = ITEM.exec(line)?.[1];
  if (item === undefined) throw new Unusable(`line ${number} is no dependency`);
  return item;
}

function setField(crate: LockedCrate, line: string): void {
  const [, field, value] = FIELD.exec(line) ?? [];
  if (value === undefined) return;
  if (field === "name") crate.name = value;
  else if (field === "version") crate.version = value;
  else if (field === "source") crate.source = value;
  else crate.checksum = value;
}
