/** Packages a package depends on: the ones at these distances before it. */
const DISTANCES = [1, 7, 50] as const;

/**
 * A repository of npm workspaces, as turbo and nx read it: `packages/p-<n>`, each with a source file, a build
 * script and a few dependencies on packages before it, in groups of 100 so that a change does not reach everything.
 */
export function workspaceFiles(count: number): Readonly<Record<string, string>> {
  const packages = Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    folder: `packages/p-${index}`,
    dependencies: Object.fromEntries(dependenciesOf(index).map((other) => [nameOf(other), "1.0.0"])),
  }));
  const root = { name: "bench", version: "1.0.0", private: true, workspaces: ["packages/*"] };
  const locked = packages.flatMap(({ name, folder, dependencies }) => [
    [folder, { name, version: "1.0.0", dependencies }],
    [`node_modules/${name}`, { resolved: folder, link: true }],
  ]);
  return {
    "package.json": json({ ...root, packageManager: "npm@11.6.0" }),
    "package-lock.json": json({
      name: "bench",
      version: "1.0.0",
      lockfileVersion: 3,
      requires: true,
      packages: { "": root, ...Object.fromEntries(locked) },
    }),
    "turbo.json": json({ tasks: { build: { dependsOn: ["^build"] } } }),
    "nx.json": json({ targetDefaults: { build: { dependsOn: ["^build"] } } }),
    ".gitignore": "node_modules/\n.turbo/\n.nx/\n",
    ...Object.fromEntries(
      packages.flatMap(({ name, folder, dependencies }) => [
        [
          `${folder}/package.json`,
          json({ name, version: "1.0.0", scripts: { build: "node index.js" }, dependencies }),
        ],
        [`${folder}/index.js`, `export const name = "${name}";\n`],
      ]),
    ),
  };
}

function nameOf(index: number): string {
  return `@bench/p-${index}`;
}

function dependenciesOf(index: number): readonly number[] {
  return DISTANCES.map((distance) => index - distance).filter(
    (other) => other >= 0 && Math.floor(other / 100) === Math.floor(index / 100),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** No telemetry, no cloud, no daemon that does the work in advance. */
export function quietPeers(): NodeJS.ProcessEnv {
  return {
    CI: "true",
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    TURBO_SCM_BASE: "origin/main",
    NX_DAEMON: "false",
    NX_NO_CLOUD: "true",
    NX_TUI: "false",
    NX_CACHE_PROJECT_GRAPH: "false",
  };
}
