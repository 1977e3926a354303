import { compile, type CompileInput } from "../../../compiler/index.ts";
import { SURROUNDINGS } from "../../fuzz/targets/manifest-samples.ts";
import { changesBetween } from "../compiler/changes-between.ts";
import { treeOf } from "../compiler/tree-snapshot.ts";
import { testEvent } from "../plans.ts";
import { CPU_MS_MAX, type HostileCase, lines } from "./hostile-case.ts";

/** A manifest or lockfile that must not be believed: its path, and the finding or doubt it must raise. */
interface HostileManifest {
  readonly name: string;
  readonly path: string;
  readonly text: string | Uint8Array;
  readonly code: string;
}

/** Text that no package manager wrote, in a repository with every manager. It is doubted, never taken for nothing. */
export function hostileManifests(): readonly HostileCase[] {
  const deepJson = "[".repeat(500_000);
  const deepToml = `a = ${"[".repeat(300_000)}`;
  const deepYaml = lines(2_000, (depth) => `${" ".repeat(depth)}a:`);
  const notText = Uint8Array.from([0x7b, 0xff, 0x7d]);
  const tooLarge = new Uint8Array(2 * 1024 * 1024 + 1).fill(0x20);
  const lockTooLarge = new Uint8Array(48 * 1024 * 1024 + 1).fill(0x20);
  const written: readonly HostileManifest[] = [
    { name: "deep JSON", path: "package.json", text: deepJson, code: "DC1702" },
    { name: "no text", path: "package.json", text: notText, code: "DC1702" },
    { name: "more bytes than are read", path: "package.json", text: tooLarge, code: "DC1702" },
    { name: "a list for a package", path: "package.json", text: "[]", code: "DC1702" },
    { name: "deep JSON", path: "package-lock.json", text: deepJson, code: "lockfile_unreadable" },
    {
      name: "more bytes than are read",
      path: "package-lock.json",
      text: lockTooLarge,
      code: "lockfile_unreadable",
    },
    { name: "deep YAML", path: "pnpm-workspace.yaml", text: deepYaml, code: "DC1702" },
    { name: "deep YAML", path: "pnpm-lock.yaml", text: deepYaml, code: "lockfile_unreadable" },
    { name: "an alias", path: "pnpm-lock.yaml", text: "a: &a 1\nb: *a\n", code: "lockfile_unreadable" },
    {
      name: "deep YAML",
      path: "yarn.lock",
      text: `__metadata:\n  version: 8\n${deepYaml}`,
      code: "lockfile_unreadable",
    },
    { name: "deep TOML", path: "Cargo.toml", text: deepToml, code: "DC1702" },
    { name: "deep TOML", path: "Cargo.lock", text: deepToml, code: "lockfile_unreadable" },
    { name: "no module", path: "go.mod", text: "(((((", code: "DC1702" },
    { name: "no workspace", path: "go.work", text: "use (((", code: "DC1702" },
    { name: "deep XML", path: "pom.xml", text: "<a>".repeat(300_000), code: "DC1702" },
    {
      name: "entities that multiply",
      path: "pom.xml",
      text: `<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><project>&b;</project>`,
      code: "DC1702",
    },
    { name: "deep TOML", path: "pyproject.toml", text: deepToml, code: "DC1702" },
    { name: "deep TOML", path: "uv.lock", text: deepToml, code: "lockfile_unreadable" },
  ];
  return written.map(manifestCase);
}

const PIPELINE = { ".delta/pipeline.yaml": "version: 1\njobs: { j: { for_each: affected, steps: [a] } }\n" };

function manifestCase({ name, path, text, code }: HostileManifest): HostileCase {
  const base = treeOf({ ...SURROUNDINGS, ...PIPELINE });
  const tree = treeOf({ ...SURROUNDINGS, ...PIPELINE, [path]: text });
  const changes = changesBetween(base, tree);
  const request = { jobs: [], all: false };
  const event = testEvent();
  let turn = 0;
  const prepare = () => (): string[] => {
    // What was read of a manifest is remembered by its blob: each turn brings another one.
    const blob = String((turn += 1)).padStart(40, "f");
    const entries = new Map(tree.entries);
    const entry = entries.get(path);
    if (entry !== undefined) entries.set(path, { ...entry, blob });
    const head = { ...tree, entries };
    const input: CompileInput = { head, base, changes, event, compilerVersion: "0", request };
    const { plan, diagnostics } = compile(input);
    return [...diagnostics, ...(plan?.uncertain ?? [])].map((found) => found.code);
  };
  return { name: `${name} in ${path}`, expected: code, bound: CPU_MS_MAX, prepare };
}
