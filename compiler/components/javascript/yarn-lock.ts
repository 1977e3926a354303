import { resolveFrom } from "../../paths.ts";
import { Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { type PlainYaml, readPlainYaml } from "../plain-yaml.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";
import { type JavaScriptLock, type LockLink, type LockSource, OUTSIDE, UNKNOWN } from "./lock.ts";
import { readYarnClassicLock } from "./yarn-classic-lock.ts";

interface Entry {
  readonly name: string;
  readonly resolution: string;
  readonly checksum: string;
  readonly dependencies: readonly (readonly [string, string])[];
}

/** `yarn.lock` of any yarn: version 1 has a format of its own, later ones write YAML. */
export function readYarnLock(source: LockSource): JavaScriptLock {
  return /^__metadata:/m.test(source.text) ? readBerryLock(source) : readYarnClassicLock(source);
}

/** Each workspace package has an entry of its own here, so no manifest is needed. */
function readBerryLock({ text, folder }: LockSource): JavaScriptLock {
  const [lock] = readPlainYaml(text);
  if (!(lock instanceof Map)) throw new Unusable("it holds no entries");
  const builder = new ResolutionBuilder<Entry>();
  const byDescriptor = new Map<string, Entry>();
  const byName = new Map<string, Entry[]>();
  const workspaces: { readonly root: string; readonly entry: Entry }[] = [];
  for (const [key, described] of lock) {
    const entry = key === "__metadata" ? null : entryOf(described);
    if (entry === null) continue;
    for (const descriptor of key.split(", ")) byDescriptor.set(descriptor, entry);
    append(byName, entry.name, entry);
    const root = workspaceRoot(entry.resolution, folder);
    if (root === null) builder.add(entry, labelOf(entry), `${entry.resolution} ${entry.checksum}`);
    else workspaces.push({ root, entry });
  }
  const find = (name: string, range: string): readonly Entry[] => {
    const exact = byDescriptor.get(`${name}@${range}`) ?? byDescriptor.get(`${name}@npm:${range}`);
    return exact === undefined ? (byName.get(name) ?? []) : [exact];
  };
  for (const entry of new Set(byDescriptor.values())) {
    const from = builder.find(entry);
    if (from === undefined) continue;
    for (const to of resolved(builder, entry, find)) builder.link(from, to.name, to.node);
  }
  for (const { root, entry } of workspaces) {
    builder.importer(root);
    for (const to of resolved(builder, entry, find)) builder.ask(root, to.name, to.node);
  }
  const link = (_from: string, name: string, spec: string): LockLink => {
    const entry = byDescriptor.get(`${name}@${spec}`) ?? byDescriptor.get(`${name}@npm:${spec}`);
    if (entry === undefined) return UNKNOWN;
    const root = workspaceRoot(entry.resolution, folder);
    return root === null ? OUTSIDE : { to: "component", root };
  };
  return { graph: builder.build(), link };
}

/** What an entry asks for outside the repository. A range that no entry names exactly means every version of the name. */
function resolved(
  builder: ResolutionBuilder<Entry>,
  entry: Entry,
  find: (name: string, range: string) => readonly Entry[],
): { readonly name: string; readonly node: number }[] {
  return entry.dependencies.flatMap(([name, range]) =>
    find(name, range).flatMap((found) => {
      const node = builder.find(found);
      return node === undefined ? [] : [{ name, node }];
    }),
  );
}

function entryOf(described: PlainYaml): Entry | null {
  if (!(described instanceof Map)) return null;
  const resolution = described.get("resolution");
  if (typeof resolution !== "string") return null;
  const checksum = described.get("checksum");
  return {
    name: resolution.slice(0, Math.max(0, resolution.indexOf("@", 1))),
    resolution,
    // The part before the slash names yarn's own cache format, not the package.
    checksum: typeof checksum === "string" ? checksum.slice(checksum.indexOf("/") + 1) : "",
    dependencies: dependenciesOf(described),
  };
}

function dependenciesOf(described: ReadonlyMap<string, PlainYaml>): [string, string][] {
  const section = described.get("dependencies");
  if (!(section instanceof Map)) return [];
  return [...section].flatMap(([name, range]): [string, string][] =>
    typeof range === "string" ? [[name, range]] : [],
  );
}

function workspaceRoot(resolution: string, folder: string): string | null {
  const mark = resolution.indexOf("@workspace:", 1);
  return mark < 0 ? null : resolveFrom(folder, resolution.slice(mark + "@workspace:".length));
}

function labelOf({ name, resolution }: Entry): string {
  return resolution.replace(`${name}@npm:`, `${name}@`);
}
