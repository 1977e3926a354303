import type { EdgeKind } from "../../../schemas/components.ts";
import type { Place } from "../../../schemas/diagnostic.ts";
import type { TreeEntry, TreeSnapshot } from "../../input.ts";
import { folderOf } from "../../paths.ts";
import { BlobCache } from "../blob-cache.ts";
import { LatePlace } from "../late-place.ts";
import { attempt, isPlainFile, readText, textOf, Unusable } from "../manifest-text.ts";
import { KeyPlaces } from "./key-places.ts";

export interface PackageDependency {
  readonly name: string;
  /** The version range, alias or path as written. */
  readonly spec: string;
  readonly kind: EdgeKind;
  readonly place: Place;
}

export interface PackageJson {
  readonly path: string;
  readonly root: string;
  readonly name: string | null;
  readonly version: string | null;
  readonly place: Place;
  readonly dependencies: readonly PackageDependency[];
  readonly fields: Readonly<Record<string, unknown>>;
}

const SECTIONS = [
  { section: "dependencies", kind: "runtime" },
  { section: "devDependencies", kind: "dev" },
  { section: "optionalDependencies", kind: "optional" },
  { section: "peerDependencies", kind: "peer" },
] as const satisfies readonly { readonly section: string; readonly kind: EdgeKind }[];

/** Packages kept in memory, some 3 KiB each; the largest workspaces have 5,000, at head and at base. */
const PACKAGES_KEPT_MAX = 12_000;
const known = new BlobCache<PackageJson>(PACKAGES_KEPT_MAX);

/** Reads a `package.json`. Throws Unusable when it is no JSON object; wrong fields are left out. */
export function readPackageJson(snapshot: TreeSnapshot, path: string): PackageJson | null {
  return known.get(snapshot, path, () => {
    const text = readText(snapshot, path);
    return text === null ? null : parsePackageJson(path, text);
  });
}

/**
 * Reads one before it is asked for, as soon as its content is here: a workspace has thousands, and whoever reads them
 * from git waits in between. One that cannot be read is told of when it is asked for.
 */
export function readPackageJsonAhead(entry: TreeEntry, content: Uint8Array): void {
  if (isPlainFile(entry))
    attempt(() => known.readAhead(entry, () => parsePackageJson(entry.path, textOf(content))));
}

function parsePackageJson(path: string, text: string): PackageJson {
  const fields = parseObject(text);
  const places = new KeyPlaces(path, text);
  const dependencies: PackageDependency[] = [];
  for (const { section, kind } of SECTIONS) {
    const asked = fields[section];
    if (!isRecord(asked)) continue;
    for (const name of Object.keys(asked)) {
      const spec = asked[name];
      if (typeof spec !== "string") continue;
      const place = new LatePlace(places, `${section}\0${name}`);
      dependencies.push({ name, spec, kind, place });
    }
  }
  return {
    path,
    root: folderOf(path),
    name: nonEmpty(fields["name"]),
    version: nonEmpty(fields["version"]),
    place: new LatePlace(places, "name"),
    dependencies,
    fields,
  };
}

/** The object that JSON text holds. Throws Unusable, naming what is wrong. */
export function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Unusable(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(value)) throw new Unusable("it is not a JSON object");
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nonEmpty(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
