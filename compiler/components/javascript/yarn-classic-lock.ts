import { Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";
import { type JavaScriptLock, type LockSource, OUTSIDE, UNKNOWN } from "./lock.ts";

interface Entry {
  readonly descriptors: readonly string[];
  readonly fields: Map<string, string>;
  readonly dependencies: [string, string][];
}

/** `yarn.lock` of yarn 1. It does not speak of workspace packages: their manifests say what they ask for. */
export function readYarnClassicLock({ text, packages }: LockSource): JavaScriptLock {
  const builder = new ResolutionBuilder<Entry>();
  const byDescriptor = new Map<string, Entry>();
  const byName = new Map<string, Entry[]>();
  const entries = readEntries(text);
  for (const entry of entries) {
    for (const descriptor of entry.descriptors) byDescriptor.set(descriptor, entry);
    const name = nameOf(entry.descriptors[0] ?? "");
    append(byName, name, entry);
    const version = entry.fields.get("version") ?? "";
    const source = entry.fields.get("integrity") ?? entry.fields.get("resolved") ?? "";
    builder.add(entry, `${name}@${version}`, `${name} ${version} ${source}`);
  }
  const find = (name: string, range: string): readonly number[] => {
    const exact = byDescriptor.get(`${name}@${range}`);
    const found = exact === undefined ? (byName.get(name) ?? []) : [exact];
    return found.flatMap((entry) => builder.find(entry) ?? []);
  };
  for (const entry of entries) {
    const from = builder.find(entry) ?? 0;
    for (const [name, range] of entry.dependencies) {
      for (const node of find(name, range)) builder.link(from, name, node);
    }
  }
  for (const { root, dependencies } of packages) {
    builder.importer(root);
    for (const { name, spec, kind } of dependencies) {
      // Yarn 1 does not install peers; whoever brings them asks for them by itself.
      if (kind === "peer") continue;
      for (const node of find(name, spec)) builder.ask(root, name, node);
    }
  }
  const link = (_from: string, name: string, spec: string) =>
    byDescriptor.has(`${name}@${spec}`) ? OUTSIDE : UNKNOWN;
  return { graph: builder.build(), link };
}

/** Entries are blocks of `"a@^1", "a@^2":`, then `  field value`, then `    name range` under `dependencies`. */
function readEntries(text: string): Entry[] {
  const entries: Entry[] = [];
  let inDependencies = false;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trimEnd();
    if (line === "" || line.startsWith("#")) continue;
    const indent = line.length - line.trimStart().length;
    const entry = entries.at(-1);
    if (indent === 0) {
      if (!line.endsWith(":")) throw new Unusable(`line ${index + 1} is no entry`);
      const descriptors = line.slice(0, -1).split(", ").map(unquote);
      entries.push({ descriptors, fields: new Map(), dependencies: [] });
      inDependencies = false;
    } else if (entry === undefined) {
      throw new Unusable(`line ${index + 1} belongs to no entry`);
    } else if (indent === 2 && line.endsWith(":")) {
      inDependencies = /^(?:dependencies|optionalDependencies):$/.test(line.trim());
    } else {
      const [name, value] = splitField(line.trim(), index + 1);
      if (indent === 2) entry.fields.set(name, value);
      else if (inDependencies) entry.dependencies.push([name, value]);
    }
  }
  return entries;
}

function splitField(text: string, line: number): [string, string] {
  const end = text.startsWith('"') ? text.indexOf('"', 1) + 1 : text.indexOf(" ");
  if (end <= 0) throw new Unusable(`line ${line} has a name without a value`);
  return [unquote(text.slice(0, end)), unquote(text.slice(end).trim())];
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
}

function nameOf(descriptor: string): string {
  return descriptor.slice(0, Math.max(0, descriptor.indexOf("@", 1)));
}
