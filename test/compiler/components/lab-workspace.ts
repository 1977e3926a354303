import type { FileChange } from "../../support/git/git-world.ts";

export type LabManager = "pnpm" | "yarn";
type Manifest = Record<string, unknown>;
type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The packages of the lab, by folder below `packages/`. */
export const LAB_PACKAGES: Readonly<Record<string, Sections>> = {
  a: { dependencies: { ms: "2.1.2" } },
  b: { dependencies: { "@l/a": "workspace:*" } },
  c: { devDependencies: { "@l/a": "workspace:*" } },
  d: { peerDependencies: { "@l/a": "1.0.0" } },
  e: { optionalDependencies: { "@l/a": "workspace:*" } },
  f: { dependencies: { "@l/b": "workspace:*" } },
  g: { dependencies: { "@l/c": "workspace:*" } },
  i: { dependencies: { "@l/a": "workspace:^" } },
  "i/nested": {},
  k: {},
  m: { dependencies: { "@l/a": "^1.0.0" } },
  x: { dependencies: { "@l/y": "workspace:*" } },
  y: { devDependencies: { "@l/x": "workspace:*" } },
  lone: { dependencies: { "is-odd": "3.0.0" } },
};

export const ALL = [".", ...Object.keys(LAB_PACKAGES).map((name) => `packages/${name}`)];

export function labManifest(name: string, change: Manifest = {}): string {
  const manifest = {
    name: `@l/${name.replace("/", "-")}`,
    version: "1.0.0",
    ...LAB_PACKAGES[name],
    ...change,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

export function rootManifest(manager: LabManager, change: Manifest = {}): string {
  const workspaces = manager === "yarn" ? { workspaces: ["packages/*", "packages/i/nested"] } : {};
  const devDependencies = { semver: "7.0.0" };
  return `${JSON.stringify({ name: "lab", private: true, ...workspaces, devDependencies, ...change }, null, 2)}\n`;
}

export interface LockVersions {
  readonly ms?: string;
  readonly semver?: string;
  readonly isNumber?: string;
  /** Folders below `packages/` that the lockfile does not know. */
  readonly without?: readonly string[];
}

/** The lockfile that the manager writes for the lab, at these versions. */
export function labLockfile(manager: LabManager, versions: LockVersions = {}): string {
  return manager === "pnpm" ? pnpmLock(versions) : yarnLock(versions);
}

function pnpmLock({
  ms = "2.1.2",
  semver = "7.0.0",
  isNumber = "6.0.0",
  without = [],
}: LockVersions): string {
  const external: Record<string, string> = { ms, semver, "is-odd": "3.0.0" };
  const sectionsOf = (folder: string, sections: Sections): string[] =>
    ["dependencies", "devDependencies", "optionalDependencies"].flatMap((section) => {
      const entries = Object.entries(sections[section] ?? {});
      const lines = entries.flatMap(([name, spec]) => [
        `      ${quote(name)}:`,
        `        specifier: ${quote(spec)}`,
        `        version: ${external[name] ?? `link:${up(folder)}${name.replace("@l/", "")}`}`,
      ]);
      return entries.length === 0 ? [] : [`    ${section}:`, ...lines];
    });
  const importer = (folder: string, sections: Sections): string[] => {
    const lines = sectionsOf(folder, sections);
    return lines.length === 0 ? [`  ${folder}: {}`, ""] : [`  ${folder}:`, ...lines, ""];
  };
  const packages: [string, Record<string, string>][] = [
    [`is-number@${isNumber}`, {}],
    ["is-odd@3.0.0", { "is-number": isNumber }],
    [`ms@${ms}`, {}],
    [`semver@${semver}`, {}],
  ];
  return [
    "lockfileVersion: '9.0'",
    "",
    "settings:",
    "  autoInstallPeers: false",
    "",
    "importers:",
    "",
    ...importer(".", { devDependencies: { semver: "7.0.0" } }),
    ...Object.entries(LAB_PACKAGES)
      .filter(([name]) => !without.includes(name))
      .flatMap(([name, sections]) => importer(`packages/${name}`, sections)),
    "packages:",
    "",
    ...packages.flatMap(([key]) => [`  ${key}:`, `    resolution: {integrity: sha512-${key}==}`, ""]),
    "snapshots:",
    "",
    ...packages.flatMap(([key, dependencies]) => {
      const entries = Object.entries(dependencies).map(([name, version]) => `      ${name}: ${version}`);
      return entries.length === 0 ? [`  ${key}: {}`, ""] : [`  ${key}:`, "    dependencies:", ...entries, ""];
    }),
  ].join("\n");
}

function up(folder: string): string {
  return "../".repeat(folder.split("/").length - 1);
}

function quote(text: string): string {
  return /^[@*]/.test(text) ? `'${text}'` : text;
}

function yarnLock({
  ms = "2.1.2",
  semver = "7.0.0",
  isNumber = "6.0.0",
  without = [],
}: LockVersions): string {
  const external = (name: string, range: string, version: string, dependencies: string[] = []): string[] => [
    `"${name}@npm:${range}":`,
    `  version: ${version}`,
    `  resolution: "${name}@npm:${version}"`,
    ...dependencies,
    `  checksum: 10c0/${name}${version}`,
    "  languageName: node",
    "  linkType: hard",
    "",
  ];
  const local = (name: string, folder: string, sections: Sections): string[] => {
    const asked = Object.entries({
      ...sections["dependencies"],
      ...sections["devDependencies"],
      ...sections["optionalDependencies"],
    }).map(
      ([dependency, spec]) =>
        `    "${dependency}": "${spec.startsWith("workspace:") ? spec : `npm:${spec}`}"`,
    );
    const ranges =
      name === "@l/a"
        ? `, ${name}@workspace:*, ${name}@workspace:^, ${name}@npm:^1.0.0`
        : `, ${name}@workspace:*`;
    return [
      `"${name}@workspace:${folder}${ranges}":`,
      "  version: 0.0.0-use.local",
      `  resolution: "${name}@workspace:${folder}"`,
      ...(asked.length === 0 ? [] : ["  dependencies:", ...asked]),
      "  languageName: unknown",
      "  linkType: soft",
      "",
    ];
  };
  return [
    '# This file is generated by running "yarn install" inside your project.',
    "",
    "__metadata:",
    "  version: 8",
    "  cacheKey: 10c0",
    "",
    ...external("ms", ms, ms),
    ...external("semver", "7.0.0", semver),
    ...external("is-odd", "3.0.0", "3.0.0", ["  dependencies:", '    is-number: "npm:^6.0.0"']),
    ...external("is-number", "^6.0.0", isNumber),
    ...local("lab", ".", { devDependencies: { semver: "7.0.0" } }),
    ...Object.entries(LAB_PACKAGES)
      .filter(([name]) => !without.includes(name))
      .flatMap(([name, sections]) => local(`@l/${name.replace("/", "-")}`, `packages/${name}`, sections)),
  ].join("\n");
}

/** Every file of the lab before a change. */
export function labFiles(manager: LabManager): Record<string, FileChange> {
  const settings: Record<string, string> =
    manager === "pnpm"
      ? { "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - packages/i/nested\n" }
      : { ".yarnrc.yml": "nodeLinker: node-modules\n" };
  const files: Record<string, FileChange> = {
    ...settings,
    "package.json": rootManifest(manager),
    [manager === "pnpm" ? "pnpm-lock.yaml" : "yarn.lock"]: labLockfile(manager),
  };
  const loose = [
    "README.md",
    "packages/README.md",
    "docs/guide.md",
    "scripts/run.sh",
    ".github/workflows/ci.yml",
    "tsconfig.json",
    "tsconfig.base.json",
    ".nvmrc",
    ".gitignore",
    "shared.config.js",
    "turbo.json",
    "nx.json",
    "lerna.json",
  ];
  for (const path of loose) files[path] = `the first ${path}\n`;
  for (const name of Object.keys(LAB_PACKAGES)) {
    files[`packages/${name}/package.json`] = labManifest(name);
    files[`packages/${name}/README.md`] = `# ${name}, a package with a few words about itself\n`;
    files[`packages/${name}/src/index.js`] =
      `export const name = "${name}"; // and enough to be recognised when it moves\n`;
  }
  return files;
}
