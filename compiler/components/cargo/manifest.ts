import type { EdgeKind } from "../../../schemas/components.ts";
import type { Place } from "../../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../../input.ts";
import { folderOf } from "../../paths.ts";
import { isRecord } from "../javascript/package-json.ts";
import { BlobCache } from "../blob-cache.ts";
import { LinePlaces, readText } from "../manifest-text.ts";
import { findTomlKeys, readToml, tableIn, textIn, type TomlTable } from "../toml.ts";

export interface CargoDependency {
  /** The key it is written under. */
  readonly key: string;
  /** The crate's own name, where `package` renames it. */
  readonly crate: string;
  readonly kind: EdgeKind;
  readonly path: string | null;
  /** True for `workspace = true`: the workspace root says where it is. */
  readonly inherited: boolean;
  readonly place: Place;
}

export interface CargoManifest {
  readonly path: string;
  readonly folder: string;
  readonly table: TomlTable;
  /** null for a virtual workspace root. */
  readonly name: string | null;
  readonly version: string | null;
  readonly hasPackage: boolean;
  readonly hasWorkspace: boolean;
  readonly place: Place;
  readonly dependencies: readonly CargoDependency[];
  placeOf(section: string, key: string): Place;
}

const SECTIONS = {
  dependencies: "runtime",
  "dev-dependencies": "dev",
  dev_dependencies: "dev",
  "build-dependencies": "build",
  build_dependencies: "build",
} as const satisfies Record<string, EdgeKind>;

/** Manifests kept in memory; a large workspace has some hundreds, at head and at base. */
const MANIFESTS_KEPT_MAX = 2_000;
const known = new BlobCache<CargoManifest>(MANIFESTS_KEPT_MAX);

/** Reads a `Cargo.toml`. Throws Unusable when it is no TOML. */
export function readCargoManifest(snapshot: TreeSnapshot, path: string): CargoManifest | null {
  return known.get(snapshot, path, () => {
    const text = readText(snapshot, path);
    return text === null ? null : parseManifest(path, text);
  });
}

function parseManifest(path: string, text: string): CargoManifest {
  const table = readToml(text);
  const offsets = findTomlKeys(text);
  const places = new LinePlaces(path, text);
  const placeOf = (section: string, key: string): Place => places.at(offsets.get(`${section}\0${key}`) ?? 0);
  const own = tableIn(table, "package");
  return {
    path,
    folder: folderOf(path),
    table,
    name: textIn(own, "name"),
    version: textIn(own, "version"),
    hasPackage: isRecord(table["package"]),
    hasWorkspace: isRecord(table["workspace"]),
    place: placeOf("package", "name"),
    dependencies: [...dependenciesOf(table, placeOf)],
    placeOf,
  };
}

function* dependenciesOf(
  table: TomlTable,
  placeOf: (section: string, key: string) => Place,
): Generator<CargoDependency> {
  const targets = Object.values(tableIn(table, "target")).filter(isRecord);
  for (const tables of [table, ...targets]) {
    for (const [section, kind] of Object.entries(SECTIONS)) {
      for (const [key, value] of Object.entries(tableIn(tables, section))) {
        const said = isRecord(value) ? value : {};
        yield {
          key,
          crate: textIn(said, "package") ?? key,
          kind: kind === "runtime" && said["optional"] === true ? "optional" : kind,
          path: textIn(said, "path"),
          inherited: said["workspace"] === true,
          place: placeOf(section, key),
        };
      }
    }
  }
}
