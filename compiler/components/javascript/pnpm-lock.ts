import { resolveFrom } from "../../paths.ts";
import { Unusable } from "../manifest-text.ts";
import { type PlainYaml, readPlainYaml } from "../plain-yaml.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";
import { type JavaScriptLock, type LockLink, type LockSource, OUTSIDE, UNKNOWN } from "./lock.ts";

type YamlMap = ReadonlyMap<string, PlainYaml>;

const SECTIONS = ["dependencies", "devDependencies", "optionalDependencies"];
const NONE: YamlMap = new Map();

/**
 * `pnpm-lock.yaml`, versions 5 to 9. Newer pnpm writes a second document before it, with the tools
 * that the workspace pins for itself: they belong to the root.
 */
export function readPnpmLock({ text, folder }: LockSource): JavaScriptLock {
  const builder = new ResolutionBuilder<string>();
  const links = new Map<string, LockLink>();
  const documents = readPlainYaml(text);
  if (documents.length === 0) throw new Unusable("it is empty");
  for (const document of documents) readDocument(asMap(document), folder, builder, links);
  return { graph: builder.build(), link: (from, name) => links.get(`${from}\0${name}`) ?? UNKNOWN };
}

function readDocument(
  lock: YamlMap,
  folder: string,
  builder: ResolutionBuilder<string>,
  links: Map<string, LockLink>,
): void {
  if (!lock.has("lockfileVersion")) throw new Unusable("it has no lockfileVersion");
  const packages = mapIn(lock, "packages");
  const snapshots = lock.has("snapshots") ? mapIn(lock, "snapshots") : packages;
  for (const key of snapshots.keys()) {
    const described = packages.get(key) ?? packages.get(withoutPeers(key)) ?? null;
    builder.add(key, labelOf(key), `${key} ${flat(asMap(described).get("resolution") ?? null)}`);
  }
  for (const [key, described] of snapshots) {
    const from = builder.find(key) ?? 0;
    for (const [name, version] of dependenciesOf(asMap(described))) {
      builder.link(from, name, nodeOf(builder, name, version));
    }
  }
  const importers = lock.has("importers") ? mapIn(lock, "importers") : new Map([[".", lock as PlainYaml]]);
  for (const [path, described] of importers) {
    const root = resolveFrom(folder, path);
    if (root === null)
      throw new Unusable(`it names the importer ${JSON.stringify(path)} outside the repository`);
    builder.importer(root);
    for (const [name, version] of dependenciesOf(asMap(described), [
      ...SECTIONS,
      "configDependencies",
      "packageManagerDependencies",
    ])) {
      const linked = linkedRoot(version, root, folder);
      links.set(`${root}\0${name}`, linked === null ? OUTSIDE : { to: "component", root: linked });
      if (!version.startsWith("link:")) builder.ask(root, name, nodeOf(builder, name, version));
    }
  }
}

/** A workspace package is linked (`link:../a`) or, when injected, copied (`file:packages/a(peers)`). */
function linkedRoot(version: string, root: string, folder: string): string | null {
  if (version.startsWith("link:")) return resolveFrom(root, version.slice("link:".length));
  const at = version.lastIndexOf("@file:");
  const file = version.startsWith("file:")
    ? version.slice("file:".length)
    : at > 0
      ? version.slice(at + 6)
      : null;
  return file === null ? null : resolveFrom(folder, withoutPeers(file));
}

/** Names and resolved versions: plain text, or `{ specifier, version }` in importers since version 6. */
function* dependenciesOf(
  described: YamlMap,
  sections: readonly string[] = SECTIONS,
): Generator<[string, string]> {
  for (const section of sections) {
    for (const [name, value] of asMap(described.get(section) ?? null)) {
      const version = value instanceof Map ? value.get("version") : value;
      if (typeof version === "string") yield [name, version];
    }
  }
}

/** Keys changed with the versions: `/name/1.0.0`, `/name@1.0.0`, `name@1.0.0`; an alias is a key itself. */
function nodeOf(builder: ResolutionBuilder<string>, name: string, version: string): number {
  for (const key of [`${name}@${version}`, version, `/${name}@${version}`, `/${name}/${version}`]) {
    const node = builder.find(key);
    if (node !== undefined) return node;
  }
  return builder.add(`${name}@${version}`, labelOf(`${name}@${version}`), `${name}@${version}`);
}

function withoutPeers(key: string): string {
  const peers = key.indexOf("(");
  return peers < 0 ? key : key.slice(0, peers);
}

function labelOf(key: string): string {
  return withoutPeers(key).replace(/^\//, "");
}

function flat(value: PlainYaml): string {
  if (!(value instanceof Map)) return JSON.stringify(value);
  const entries = [...value].map(([key, item]) => `${key}=${flat(item)}`);
  return entries.sort().join(",");
}

function mapIn(map: YamlMap, key: string): YamlMap {
  return asMap(map.get(key) ?? null);
}

function asMap(value: PlainYaml): YamlMap {
  return value instanceof Map ? value : NONE;
}
