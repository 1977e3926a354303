import { posix } from "node:path";
import type { SourceText } from "./sources.ts";

/**
 * Who may import whom, as in docs/architecture.md. Imports are read as text: TypeScript 7 exports no
 * compiler API. A computed specifier cannot be read that way and is a violation of its own.
 */
interface FolderRule {
  /** Top-level folders of ours it may import. */
  readonly folders: readonly string[];
  /** Single files of other folders it may import: the named doors. */
  readonly doors?: readonly string[];
  /** Packages and node: modules it may not import. */
  readonly refused?: RegExp;
}

const EFFECTS =
  /^node:(fs|net|http|https|child_process|worker_threads|os|process|timers|dns|tls|cluster)(\/|$)/;

export const IMPORT_TABLE: Readonly<Record<string, FolderRule>> = {
  schemas: { folders: [], refused: /^(?!typebox(?:$|\/)|ajv|\.)/ },
  compiler: { folders: ["schemas"], refused: EFFECTS },
  "control-plane": { folders: ["schemas", "compiler"] },
  nomad: { folders: ["schemas"] },
  // What an artifact's globs mean is what every other glob means (adr/0041).
  runner: {
    folders: ["schemas"],
    doors: ["compiler/globs/index.ts"],
    refused: /^(?!node:|typebox$|ajv|tar$)/,
  },
  cli: {
    folders: ["schemas", "compiler"],
    doors: [
      "control-plane/git/index.ts",
      "control-plane/main.ts",
      "control-plane/config.ts",
      "nomad/index.ts",
    ],
  },
};

/** Rules inside the control plane, by path prefix: what it may not import. */
export const INNER_RULES: readonly { readonly of: string; readonly not: readonly string[] }[] = [
  {
    of: "control-plane/db/",
    not: ["control-plane/lifecycle/", "control-plane/http/", "control-plane/tasks/"],
  },
  {
    of: "control-plane/scheduler/",
    not: ["control-plane/db/", "control-plane/http/", "control-plane/tasks/"],
  },
  { of: "control-plane/checks/", not: ["control-plane/db/", "control-plane/http/"] },
  { of: "control-plane/git/", not: ["control-plane/db/", "control-plane/http/", "control-plane/tasks/"] },
];

/** The one file that may build a dispatcher out of `nomad/`. */
const COMPOSITION_ROOT = "control-plane/main.ts";
const COMPOSITION_DOORS = ["nomad/index.ts"];

const STATIC_IMPORT = /(?:^|\n)\s*(?:import|export)\b[^;'"`]*?\bfrom\s*["']([^"']+)["']/g;
const BARE_IMPORT = /(?:^|\n)\s*import\s*["']([^"']+)["']/g;
const DYNAMIC_IMPORT = /\bimport\(\s*(["'])([^"']+)\1\s*\)/g;
const COMPUTED_IMPORT = /(?:^|[^\w.])import\(\s*(?!["'])[^)]/;

export function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
  return [
    ...[...code.matchAll(STATIC_IMPORT)].map((match) => match[1] ?? ""),
    ...[...code.matchAll(BARE_IMPORT)].map((match) => match[1] ?? ""),
    ...[...code.matchAll(DYNAMIC_IMPORT)].map((match) => match[2] ?? ""),
  ];
}

export function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

/** Sentences that name file, import and the rule it breaks. */
export function importViolations(file: SourceText): string[] {
  const folder = file.path.split("/")[0] ?? "";
  const rule = IMPORT_TABLE[folder];
  if (rule === undefined) return [];
  const found: string[] = [];
  if (COMPUTED_IMPORT.test(file.text)) found.push(`${file.path}: a computed import cannot be checked`);
  for (const specifier of importsOf(file.text)) {
    const target = resolveImport(file.path, specifier);
    if (target === null) {
      if (rule.refused?.test(specifier) === true) {
        found.push(`${file.path}: ${folder}/ may not import ${specifier}`);
      }
      continue;
    }
    const targetFolder = target.split("/")[0] ?? "";
    const doors = [...(rule.doors ?? []), ...(file.path === COMPOSITION_ROOT ? COMPOSITION_DOORS : [])];
    const allowed =
      targetFolder === folder ||
      rule.folders.includes(targetFolder) ||
      target === "package.json" ||
      doors.includes(target);
    if (!allowed) found.push(`${file.path}: ${folder}/ may not import ${target}`);
    for (const inner of INNER_RULES) {
      if (file.path.startsWith(inner.of) && inner.not.some((prefix) => target.startsWith(prefix))) {
        found.push(`${file.path}: ${inner.of} may not import ${target}`);
      }
    }
  }
  return found;
}

/** Import cycles among the files, each told from its first file. Type-only imports count too. */
export function importCycles(files: readonly SourceText[]): string[] {
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const targets = importsOf(file.text).map((specifier) => resolveImport(file.path, specifier));
    graph.set(
      file.path,
      targets.filter((target) => target !== null),
    );
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at >= 0) {
      cycles.push([...path.slice(at), node].join(" -> "));
      return;
    }
    if (done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}
