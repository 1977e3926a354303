import type { TreeSnapshot } from "../../input.ts";
import { inFolder } from "../../paths.ts";
import type { Fact, Governor } from "../findings.ts";
import { attempt, readText } from "../manifest-text.ts";
import { append } from "../multimap.ts";
import { type PlainYaml, readPlainYaml } from "../plain-yaml.ts";
import type { PackageJson } from "./package-json.ts";

/** Fields of a workspace root's `package.json` that speak for the root alone, or show in the graph or the lockfile. */
const ROOT_ONLY_FIELDS = new Set(
  (
    "name version private description keywords homepage bugs license author contributors maintainers " +
    "funding repository files bin man main module browser types typings exports directories " +
    "publishConfig sideEffects scripts dependencies devDependencies optionalDependencies " +
    "peerDependencies peerDependenciesMeta bundleDependencies bundledDependencies husky lint-staged " +
    "simple-git-hooks pre-commit commitlint"
  ).split(" "),
);
/** Settings of the root whose whole effect on others is what the lockfile resolves, where there is one. */
const LOCKED_SETTINGS = new Set([
  "resolutions",
  "overrides",
  "packageExtensions",
  "minimumReleaseAge",
  "minimumReleaseAgeExclude",
  "npmMinimalAgeGate",
  "npmPreapprovedPackages",
  "trustPolicy",
  "trustPolicyExclude",
  "savePrefix",
  "saveExact",
  "catalogMode",
  "cleanupUnusedCatalogs",
  "defaultSemverRangePrefix",
]);
/** Settings that speak of the person at the keyboard. */
const PERSONAL_SETTINGS = new Set([
  "enableTelemetry",
  "telemetryInterval",
  "telemetryUserId",
  "updateNotifier",
]);

/** Reads `pnpm-workspace.yaml` or `.yarnrc.yml`: an empty map when there is none. Throws Unusable. */
export function readSettings(snapshot: TreeSnapshot, path: string): ReadonlyMap<string, PlainYaml> | null {
  const text = readText(snapshot, path);
  if (text === null) return null;
  const [value = null] = readPlainYaml(text);
  return value instanceof Map ? value : new Map();
}

/**
 * What `pnpm-workspace.yaml` or `.yarnrc.yml` says. A catalog entry governs the packages that use it;
 * `packages` shows in the graph; any other setting governs the whole workspace.
 */
export function settingsGovernor(
  snapshot: TreeSnapshot,
  folder: string,
  file: string,
  packages: readonly PackageJson[],
  locked: boolean,
): Governor | null {
  const path = inFolder(folder, file);
  const members = packages.map(({ root }) => root);
  const read = attempt(() => readSettings(snapshot, path));
  if ("why" in read) return { path, members, facts: null, why: read.why, exclusive: true };
  if (read.value === null) return null;
  const facts = new Map<string, Fact>();
  const users = catalogUsers(packages);
  for (const [key, value] of read.value) {
    if (key === "packages" || PERSONAL_SETTINGS.has(key) || (locked && LOCKED_SETTINGS.has(key))) continue;
    if (key === "catalog") addCatalog(facts, "default", value, users);
    else if (key === "catalogs" && value instanceof Map) {
      for (const [name, entries] of value) addCatalog(facts, name, entries, users);
    } else facts.set(key, { value: comparable(value), governs: members, reach: "wide" });
  }
  return { path, members, facts, why: null, exclusive: true };
}

function addCatalog(
  facts: Map<string, Fact>,
  catalog: string,
  entries: PlainYaml,
  users: ReadonlyMap<string, readonly string[]>,
): void {
  if (!(entries instanceof Map)) return;
  for (const [name, range] of entries) {
    const governs = users.get(`${catalog}\0${name}`) ?? [];
    facts.set(`catalog ${catalog}: ${name}`, { value: comparable(range), governs, reach: "exact" });
  }
}

/** Roots of the packages that take a dependency from a catalog, by catalog and name. */
function catalogUsers(packages: readonly PackageJson[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { root, dependencies } of packages) {
    for (const { name, spec } of dependencies) {
      if (!spec.startsWith("catalog:")) continue;
      const catalog = spec.slice("catalog:".length).trim();
      append(users, `${catalog === "" ? "default" : catalog}\0${name}`, root);
    }
  }
  return users;
}

/** What the root's `package.json` says to the whole workspace. The root itself owns the file besides. */
export function rootPackageGovernor(
  root: PackageJson,
  packages: readonly PackageJson[],
  locked: boolean,
): Governor {
  const members = packages.map((member) => member.root);
  const facts = new Map<string, Fact>();
  for (const [key, value] of Object.entries(root.fields)) {
    if (ROOT_ONLY_FIELDS.has(key) || (locked && LOCKED_SETTINGS.has(key))) continue;
    const said = key === "workspaces" ? withoutPackages(value) : value;
    if (said !== undefined) facts.set(key, { value: JSON.stringify(said), governs: members, reach: "wide" });
  }
  return { path: root.path, members, facts, why: null, exclusive: false };
}

/** The list of folders shows in the graph; what else stands beside it speaks for all. */
function withoutPackages(workspaces: unknown): unknown {
  if (typeof workspaces !== "object" || workspaces === null || Array.isArray(workspaces)) return undefined;
  const { packages: _, ...rest } = workspaces as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** Text that is equal exactly when the values are; the order of keys says nothing. */
function comparable(value: PlainYaml): string {
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${JSON.stringify(key)}:${comparable(item)}`);
    return `{${entries.sort().join(",")}}`;
  }
  return Array.isArray(value) ? `[${value.map(comparable).join(",")}]` : JSON.stringify(value);
}
