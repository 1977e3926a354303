import type { ChangedPath } from "../../schemas/changes.ts";
import { displayPath } from "../paths.ts";
import { Causes } from "./causes.ts";
import { unknownUnowned, unownedPath } from "./component-diagnostics.ts";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { governedChange } from "./governed-change.ts";
import type { AffectedOptions, Discovery } from "./model.ts";
import { Owners } from "./ownership.ts";
import { lockfileChange } from "./resolution-changes.ts";

/** One side of a changed path, with where it exists. */
interface Side {
  readonly path: string;
  readonly status: ChangedPath["status"];
  readonly atHead: boolean;
  readonly atBase: boolean;
}

/** What the changed paths mean by themselves, before anything that depends on it. */
export interface ChangeReading {
  readonly causes: Causes;
  readonly unowned: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a change set: each path is a lockfile, a governing file, a global input, or belongs to the
 * components around it at head and at base. What belongs to none follows the `unowned` policy.
 */
export function readChanges(
  head: Discovery,
  base: Discovery,
  changed: readonly ChangedPath[],
  options: AffectedOptions,
): ChangeReading {
  const causes = new Causes();
  const everyRoot = head.graph.components.map(({ root }) => root);
  const owners = {
    head: new Owners(head, options.compileGlobs),
    base: new Owners(base, options.compileGlobs),
  };
  const unowned: string[] = [];
  let counted = 0;
  for (const side of changed.flatMap(sidesOf)) {
    if (options.ignored?.(side.path) === true) continue;
    counted += 1;
    if (options.globalInput?.(side.path) === true) {
      const detail = `${displayPath(side.path)} is an input of every component`;
      causes.doubt("global_input_changed", detail, [side.path], everyRoot);
      continue;
    }
    if (readLockfile(head, base, side.path, causes)) continue;
    if (governedChange(head, base, side, causes)) continue;
    const atHead = side.atHead ? owners.head.of(side.path) : null;
    const atBase = side.atBase ? owners.base.of(side.path) : null;
    const roots = new Set([...(atHead?.roots ?? []), ...(atBase?.roots ?? [])]);
    for (const root of roots) causes.path(root, side.path, side.status);
    const generated = atHead?.generated === true || atBase?.generated === true;
    if (roots.size === 0 && !generated) unowned.push(side.path);
  }
  if (counted > 0) {
    for (const { path, why } of head.unreadable) {
      causes.doubt("manifest_unreadable", `${displayPath(path)} cannot be read: ${why}`, [path], everyRoot);
    }
  }
  return { causes, unowned, diagnostics: applyUnowned(head, unowned, options, causes) };
}

/** Both sides of a rename changed; the source of a copy did not. */
function sidesOf({ status, path, old_path: old }: ChangedPath): Side[] {
  const here: Side = {
    path,
    status,
    atHead: status !== "D",
    atBase: status !== "A" && status !== "C" && status !== "R",
  };
  if (status !== "R" || old === undefined) return [here];
  return [here, { path: old, status, atHead: false, atBase: true }];
}

/** True when the path is a lockfile that speaks for components at head or base. */
function readLockfile(head: Discovery, base: Discovery, path: string, causes: Causes): boolean {
  const before = base.resolutions.get(path);
  const now = head.resolutions.get(path);
  if (before === undefined && now === undefined) return false;
  const change = lockfileChange(before, now);
  if (change.kind === "exact") {
    for (const [root, packages] of change.changed) causes.lockfile(root, path, packages);
  } else {
    const code = change.kind === "removed" ? "lockfile_removed" : "lockfile_unreadable";
    causes.doubt(code, `${displayPath(path)}: ${change.why}`, [path], change.members);
  }
  return true;
}

function applyUnowned(
  head: Discovery,
  unowned: readonly string[],
  { unowned: policy = "all" }: AffectedOptions,
  causes: Causes,
): Diagnostic[] {
  const { components } = head.graph;
  if (policy === "error") return unowned.map(unownedPath);
  if (policy === "all") {
    const first = displayPath(unowned[0] ?? "");
    const more = unowned.length > 1 ? ` and ${unowned.length - 1} more paths` : "";
    const detail = `${first}${more} changed and ${unowned.length > 1 ? "belong" : "belongs"} to no component`;
    const roots = components.map(({ root }) => root);
    if (unowned.length > 0) causes.doubt("path_unowned", detail, unowned, roots);
    return [];
  }
  const labels = components.flatMap(({ id, root }) => [id, root]);
  const named = components.filter(({ id, root }) => policy.includes(id) || policy.includes(root));
  for (const { root } of named) for (const path of unowned) causes.path(root, path, "M");
  return policy.filter((label) => !labels.includes(label)).map((label) => unknownUnowned(label, labels));
}
