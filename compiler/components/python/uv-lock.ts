import { resolveFrom } from "../../paths.ts";
import type { ResolutionGraph } from "../findings.ts";
import { isRecord } from "../javascript/package-json.ts";
import { Unusable } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { ResolutionBuilder } from "../resolution-builder.ts";
import { comparableToml, readToml, tableIn, textIn, type TomlTable } from "../toml.ts";

/** `uv.lock`: every package with its source; those of the workspace have a folder for one. */
export function readUvLock(text: string, folder: string): ResolutionGraph {
  const { package: listed } = readToml(text);
  if (!Array.isArray(listed)) throw new Unusable("it names no package");
  const packages = listed.filter(isRecord);
  const builder = new ResolutionBuilder<TomlTable>();
  const byName = new Map<string, TomlTable[]>();
  const roots = new Map<TomlTable, string>();
  for (const entry of packages) {
    const name = textIn(entry, "name") ?? "";
    append(byName, name, entry);
    const root = localRoot(tableIn(entry, "source"), folder);
    if (root !== null) roots.set(entry, root);
    else builder.add(entry, `${name}@${textIn(entry, "version") ?? ""}`, contentOf(entry));
  }
  for (const entry of packages) {
    const from = builder.find(entry);
    const root = roots.get(entry);
    if (root !== undefined) builder.importer(root);
    for (const { name, version } of asked(entry)) {
      for (const found of byName.get(name) ?? []) {
        const to = version === null || textIn(found, "version") === version ? builder.find(found) : undefined;
        if (to === undefined) continue;
        if (from !== undefined) builder.link(from, name, to);
        else if (root !== undefined) builder.ask(root, name, to);
      }
    }
  }
  return builder.build();
}

function localRoot(source: TomlTable, folder: string): string | null {
  const path = textIn(source, "editable") ?? textIn(source, "virtual") ?? textIn(source, "directory");
  return path === null ? null : resolveFrom(folder, path);
}

function contentOf(entry: TomlTable): string {
  const { name, version, source, sdist, wheels } = entry;
  return comparableToml([name, version, source, sdist ?? "", wheels ?? ""]);
}

function asked(entry: TomlTable): { readonly name: string; readonly version: string | null }[] {
  const lists = [
    entry["dependencies"],
    ...Object.values(tableIn(entry, "optional-dependencies")),
    ...Object.values(tableIn(entry, "dev-dependencies")),
  ];
  return lists.flatMap((list) =>
    (Array.isArray(list) ? list.filter(isRecord) : []).map((item) => ({
      name: textIn(item, "name") ?? "",
      version: textIn(item, "version"),
    })),
  );
}
