import { relative } from "node:path/posix";

export interface RecordedGraph {
  readonly components: readonly {
    readonly path: string;
    readonly name: string | null;
    readonly manifest: string;
  }[];
  /** [from, to, kind]: `from` depends on `to`. */
  readonly edges: readonly (readonly [string, string, string])[];
}

type RecordedComponent = RecordedGraph["components"][number];

/** Manifests of every ecosystem that say exactly what a recorded graph says. */
export function synthesize(graph: RecordedGraph): Record<string, string> {
  const files: Record<string, string> = {};
  const of = (manifest: string): RecordedComponent[] =>
    graph.components.filter((component) => component.manifest === manifest);
  const members = (components: readonly RecordedComponent[]): string[] =>
    components.map(({ path }) => path).filter((path) => path !== ".");

  const packages = of("package.json");
  for (const component of packages)
    files[at(component.path, "package.json")] = packageJson(component, graph, packages);
  if (packages.length > 0) {
    const lines = members(packages).map((path) => `  - '${path}'`);
    files["pnpm-workspace.yaml"] = lines.length === 0 ? "" : `packages:\n${lines.join("\n")}\n`;
  }

  const crates = of("Cargo.toml");
  for (const component of crates)
    files[at(component.path, "Cargo.toml")] = cargoToml(component, graph, crates);
  if (crates.length > 0) {
    const list = members(crates).map((path) => JSON.stringify(path));
    const workspace = `[workspace]\nmembers = [${list.join(", ")}]\n`;
    files["Cargo.toml"] = `${files["Cargo.toml"] ?? ""}${workspace}`;
  }

  const modules = of("go.mod");
  for (const component of modules) files[at(component.path, "go.mod")] = goMod(component, graph, modules);
  return files;
}

function at(folder: string, file: string): string {
  return folder === "." ? file : `${folder}/${file}`;
}

/** Targets of a component's edges among the components of one ecosystem. */
function targets(
  { path }: RecordedComponent,
  { edges }: RecordedGraph,
  peers: readonly RecordedComponent[],
): { readonly to: RecordedComponent; readonly kind: string }[] {
  return edges.flatMap(([from, target, kind]) => {
    const to = from === path ? peers.find((peer) => peer.path === target) : undefined;
    return to === undefined ? [] : [{ to, kind }];
  });
}

function packageJson(
  component: RecordedComponent,
  graph: RecordedGraph,
  packages: readonly RecordedComponent[],
): string {
  const manifest: Record<string, Record<string, string>> = {};
  targets(component, graph, packages).forEach(({ to, kind }, index) => {
    const section = kind.startsWith("dev")
      ? "devDependencies"
      : kind.startsWith("peer")
        ? "peerDependencies"
        : "dependencies";
    const unique = packages.filter(({ name }) => name === to.name).length === 1;
    const path = relative(component.path, to.path);
    // A package without a name of its own can be asked for by its folder alone.
    const [name, spec] =
      unique && to.name !== null
        ? [to.name, "workspace:*"]
        : [`link-${index}`, `link:${path.startsWith(".") ? path : `./${path}`}`];
    manifest[section] = { ...manifest[section], [name]: spec };
  });
  return JSON.stringify(
    { ...(component.name === null ? {} : { name: component.name }), ...manifest },
    null,
    2,
  );
}

function cargoToml(
  component: RecordedComponent,
  graph: RecordedGraph,
  crates: readonly RecordedComponent[],
): string {
  const lines = targets(component, graph, crates).map(({ to, kind }) => {
    const section = kind.startsWith("dev")
      ? "dev-dependencies"
      : kind.startsWith("build")
        ? "build-dependencies"
        : "dependencies";
    const header = kind.endsWith("target") ? `target.'cfg(unix)'.${section}` : section;
    return `[${header}.${to.name}]\npath = "${relative(component.path, to.path)}"\n`;
  });
  return `[package]\nname = "${component.name}"\nversion = "1.0.0"\n\n${[...new Set(lines)].join("\n")}\n`;
}

function goMod(
  component: RecordedComponent,
  graph: RecordedGraph,
  modules: readonly RecordedComponent[],
): string {
  const lines = targets(component, graph, modules).map(
    ({ to, kind }) => `\t${to.name} v1.0.0${kind === "indirect" ? " // indirect" : ""}`,
  );
  return `module ${component.name}\n\ngo 1.26\n\nrequire (\n${lines.join("\n")}\n)\n`;
}
