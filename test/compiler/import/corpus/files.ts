import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ImportKind } from "../../../../compiler/import/index.ts";

/** One file of a repository in the corpus, with what it may include. */
export interface CorpusFile {
  readonly repository: string;
  readonly kind: ImportKind;
  /** From the repository's root. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly files: {
    readonly read: (path: string) => Uint8Array | null;
    readonly list: () => readonly string[];
  };
}

const WORKFLOWS = ".github/workflows";
const YAML = /\.ya?ml$/;

/** Pipelines of every folder below this one; a folder `owner+name` is the repository `owner/name`. */
export function corpusFiles(folder: string): readonly CorpusFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => repositoryFiles(name.replace("+", "/"), join(folder, name)));
}

function repositoryFiles(repository: string, root: string): readonly CorpusFile[] {
  const files = {
    read: (path: string) => (isFile(join(root, path)) ? readFileSync(join(root, path)) : null),
    list: () => readdirSync(root, { recursive: true, encoding: "utf8" }),
  };
  const workflows = existsSync(join(root, WORKFLOWS))
    ? readdirSync(join(root, WORKFLOWS)).filter((name) => YAML.test(name))
    : [];
  const found = [
    ...[".gitlab-ci.yml"]
      .filter((path) => isFile(join(root, path)))
      .map((path) => ({ path, kind: "gitlab" as const })),
    ...workflows.sort().map((name) => ({ path: `${WORKFLOWS}/${name}`, kind: "github" as const })),
  ];
  return found.map(({ path, kind }) => ({
    repository,
    kind,
    path,
    files,
    bytes: readFileSync(join(root, path)),
  }));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
