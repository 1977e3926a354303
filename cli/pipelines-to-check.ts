import { existsSync } from "node:fs";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PIPELINE_FILE } from "../compiler/index.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";
import { openHere } from "./repository.ts";

const SPARSE_HINT =
  "This checkout is sparse: `git sparse-checkout add .delta` brings it where it is committed, `delta init` writes a first one.";

/** One pipeline as a person has it now: its files by their path in the repository. */
export interface PipelineToCheck {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** What its main file is called in findings. */
  readonly name: string;
  /** What a file of its own is called in findings; any other keeps its path. */
  readonly nameOf: (path: string) => string;
  /** Where to write a fixed file; null for standard input. */
  readonly origin: (path: string) => string | null;
}

/** The pipeline of the working tree. */
export async function ofWorkingTree(): Promise<PipelineToCheck> {
  const { path: root, gitFolder } = await openHere();
  const contents = await configurationIn(root);
  if (!contents.has(PIPELINE_FILE)) {
    const there = await lstat(join(root, PIPELINE_FILE)).catch(() => null);
    if (there !== null) {
      const what = there.isSymbolicLink() ? "a symbolic link" : there.isDirectory() ? "a folder" : "no file";
      throw new CliFailure("pipeline_missing", `${PIPELINE_FILE} in ${root} is ${what}; it has to be a file`);
    }
    const isSparse = existsSync(join(gitFolder ?? join(root, ".git"), "info", "sparse-checkout"));
    const hint = isSparse ? SPARSE_HINT : "`delta init` writes a first one.";
    throw new CliFailure("pipeline_missing", `there is no ${PIPELINE_FILE} in ${root}`, hint);
  }
  const origin = (path: string): string => join(root, path);
  return { contents, name: PIPELINE_FILE, nameOf: (path) => path, origin };
}

/**
 * The pipelines that files and folders stand for: a file is a pipeline; a folder is the one that it has in
 * `.delta/`, or else every YAML file below it. `-` is standard input.
 */
export async function pipelinesNamed(names: readonly string[]): Promise<readonly PipelineToCheck[]> {
  const found: PipelineToCheck[] = [];
  for (const name of new Set(names)) {
    if (name === "-") found.push(ofText(await readStandardInput()));
    else if (await isFolder(name)) found.push(...(await inFolder(name)));
    else found.push(ofFile(name, await readNamed(name, (path) => readFile(path))));
  }
  return found.filter((one, index) => found.findIndex((other) => other.name === one.name) === index);
}

function ofFile(name: string, bytes: Uint8Array): PipelineToCheck {
  const nameOf = (path: string): string => (path === PIPELINE_FILE ? name : path);
  const origin = (path: string): string | null => (path === PIPELINE_FILE ? name : null);
  return { contents: new Map([[PIPELINE_FILE, bytes]]), name, nameOf, origin };
}

function ofText(bytes: Uint8Array): PipelineToCheck {
  return { ...ofFile("(standard input)", bytes), origin: () => null };
}

async function readStandardInput(): Promise<Uint8Array> {
  return new TextEncoder().encode(await text(process.stdin));
}

async function isFolder(name: string): Promise<boolean> {
  return (await readNamed(name, (path) => stat(path))).isDirectory();
}

async function inFolder(folder: string): Promise<readonly PipelineToCheck[]> {
  const contents = await configurationIn(folder);
  if (contents.has(PIPELINE_FILE)) {
    const nameOf = (path: string): string => (contents.has(path) ? join(folder, path) : path);
    return [{ contents, name: nameOf(PIPELINE_FILE), nameOf, origin: (path) => join(folder, path) }];
  }
  const files = (await filesBelow(folder)).filter((path) => /\.ya?ml$/.test(path));
  if (files.length === 0) {
    const message = `there is neither ${PIPELINE_FILE} nor any YAML file in ${folder}`;
    throw new CliFailure("pipeline_missing", message);
  }
  return Promise.all(files.map(async (path) => ofFile(path, await readFile(path))));
}

/** Files below `.delta/` of a folder, by their path in that folder. */
async function configurationIn(root: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const path of await filesBelow(join(root, ".delta")).catch(() => []))
    contents.set(join(".delta", path.slice(join(root, ".delta").length + 1)), await readFile(path));
  return contents;
}

/** Sorted, so that findings come in the same order everywhere. Folders of git and of packages are left out. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(?:^|\/)(?:\.git|node_modules)\//.test(path))
    .sort();
}

async function readNamed<Found>(name: string, read: (name: string) => Promise<Found>): Promise<Found> {
  try {
    return await read(name);
  } catch (error) {
    throw new CliFailure("file_unreadable", `cannot read ${name}: ${fileFault(error)}`, null, error);
  }
}
