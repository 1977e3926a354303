import type { EdgeKind } from "../../../schemas/components.ts";
import type { Place } from "../../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../../input.ts";
import { folderOf } from "../../paths.ts";
import { BlobCache } from "../blob-cache.ts";
import { isRecord } from "../javascript/package-json.ts";
import { LinePlaces, readText } from "../manifest-text.ts";
import { findTomlKeys, readToml, tableIn, textIn, textsIn, type TomlTable } from "../toml.ts";

export interface PythonDependency {
  /** Normalised: lower case, runs of `-_.` are one `-`. */
  readonly name: string;
  readonly kind: EdgeKind;
  /** Folder written for it, told from the manifest; null when it goes by its name. */
  readonly path: string | null;
  readonly place: Place;
}

export interface PyProject {
  readonly path: string;
  readonly folder: string;
  readonly table: TomlTable;
  /** null for a manifest that only configures tools or a workspace. */
  readonly name: string | null;
  readonly place: Place;
  readonly dependencies: readonly PythonDependency[];
}

/** Manifests kept in memory; a large workspace has some hundreds, at head and at base. */
const MANIFESTS_KEPT_MAX = 2_000;
const known = new BlobCache<PyProject>(MANIFESTS_KEPT_MAX);

/** Reads a `pyproject.toml`. Throws Unusable when it is no TOML. */
export function readPyProject(snapshot: TreeSnapshot, path: string): PyProject | null {
  return known.get(snapshot, path, () => {
    const text = readText(snapshot, path);
    return text === null ? null : parsePyProject(path, text);
  });
}

function parsePyProject(path: string, text: string): PyProject {
  const table = readToml(text);
  const offsets = findTomlKeys(text);
  const places = new LinePlaces(path, text);
  const placeOf = (section: string, key: string): Place => places.at(offsets.get(`${section}\0${key}`) ?? 0);
  const name = textIn(tableIn(table, "project"), "name") ?? textIn(tableIn(table, "tool", "poetry"), "name");
  const place = offsets.has("project\0name") ? placeOf("project", "name") : placeOf("poetry", "name");
  const sources = sourcePaths(tableIn(table, "tool", "uv", "sources"));
  const dependencies = [...asked(table, placeOf)].map((dependency) => ({
    ...dependency,
    path: dependency.path ?? sources.get(dependency.name) ?? null,
  }));
  return {
    path,
    folder: folderOf(path),
    table,
    name: name === null ? null : normalName(name),
    place,
    dependencies,
  };
}

/** Folders that `tool.uv.sources` gives to names. */
function sourcePaths(sources: TomlTable): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [key, said] of Object.entries(sources)) {
    for (const entry of (Array.isArray(said) ? said : [said]).filter(isRecord)) {
      const path = textIn(entry, "path");
      if (path !== null) paths.set(normalName(key), path);
    }
  }
  return paths;
}

function* asked(
  table: TomlTable,
  placeOf: (section: string, key: string) => Place,
): Generator<PythonDependency> {
  const project = tableIn(table, "project");
  yield* listed(textsIn(project, "dependencies"), "runtime", placeOf("project", "dependencies"));
  const extras = tableIn(project, "optional-dependencies");
  for (const extra of Object.keys(extras)) {
    yield* listed(textsIn(extras, extra), "optional", placeOf("optional-dependencies", extra));
  }
  const groups = tableIn(table, "dependency-groups");
  for (const group of Object.keys(groups)) {
    yield* listed(textsIn(groups, group), "dev", placeOf("dependency-groups", group));
  }
  const uv = tableIn(table, "tool", "uv");
  yield* listed(textsIn(uv, "dev-dependencies"), "dev", placeOf("uv", "dev-dependencies"));
  yield* listed(
    textsIn(tableIn(table, "build-system"), "requires"),
    "build",
    placeOf("build-system", "requires"),
  );
  const poetry = tableIn(table, "tool", "poetry");
  yield* mapped(tableIn(poetry, "dependencies"), "runtime", placeOf);
  yield* mapped(tableIn(poetry, "dev-dependencies"), "dev", placeOf);
  for (const group of Object.values(tableIn(poetry, "group")).filter(isRecord)) {
    yield* mapped(tableIn(group, "dependencies"), "dev", placeOf);
  }
}

/** Requirements as PEP 508 writes them: a name, then extras, versions and conditions. */
function* listed(requirements: readonly string[], kind: EdgeKind, place: Place): Generator<PythonDependency> {
  for (const requirement of requirements) {
    const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(requirement)?.[1];
    if (name !== undefined) yield { name: normalName(name), kind, path: null, place };
  }
}

function* mapped(
  table: TomlTable,
  kind: EdgeKind,
  placeOf: (section: string, key: string) => Place,
): Generator<PythonDependency> {
  for (const [key, said] of Object.entries(table)) {
    if (key === "python") continue;
    const options = (Array.isArray(said) ? said : [said]).filter(isRecord);
    const path = options.map((option) => textIn(option, "path")).find((found) => found !== null) ?? null;
    const optional = options.some((option) => option["optional"] === true);
    yield {
      name: normalName(key),
      kind: optional ? "optional" : kind,
      path,
      place: placeOf("dependencies", key),
    };
  }
}

export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}
