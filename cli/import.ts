import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { buffer } from "node:stream/consumers";
import { type DiagnosticsView, diagnosticsView, textsOf } from "../compiler/diagnostics/index.ts";
import {
  IMPORT_KINDS,
  type ImportedJob,
  type ImportFiles,
  importPipeline,
} from "../compiler/import/index.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { writeData, writeTalk } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

export interface ImportRequest {
  readonly system: string;
  readonly file: string;
  /** Folder that files it includes are read from; null is the repository that the file is in. */
  readonly root: string | null;
  /** `owner/name`, for conditions that ask for it. */
  readonly repository: string | null;
  /** Null prints the pipeline. */
  readonly out: string | null;
  readonly force: boolean;
}

export interface ImportAnswer {
  readonly version: 1;
  /** Null when the file could not be read as YAML, or nothing that compiles comes of it. */
  readonly pipeline: string | null;
  /** Where it was written; null when it was not. */
  readonly path: string | null;
  readonly findings: DiagnosticsView;
  readonly jobs: readonly { readonly name: string; readonly outcome: ImportedJob["outcome"] }[];
}

/** Converts one file. The exit code is 1 when anything but a note is listed. */
export async function importHere(request: ImportRequest, json: boolean): Promise<ImportAnswer> {
  const kind = IMPORT_KINDS.find((known) => known === request.system);
  if (kind === undefined)
    throw new CliFailure("usage", `${request.system} is not one of ${IMPORT_KINDS.join(", ")}`);
  const name = request.file === "-" ? "(standard input)" : request.file;
  const bytes = await given(request.file);
  const files = filesBeside(request.root ?? rootOf(request.file));
  const result = importPipeline(kind, name, bytes, { files, repository: request.repository });
  const { pipeline, findings } = result;
  const sources = textsOf(result.sources);
  const path = pipeline === null ? null : request.out;
  if (pipeline !== null && path !== null) await written(path, pipeline, request.force);
  if (!json) {
    await talkDiagnostics(findings, sources);
    if (findings.length > 0 && result.jobs.length > 0) writeTalk(summary(result.jobs));
    if (path !== null) writeTalk(`wrote ${path}`);
    else if (pipeline !== null) writeData(pipeline.trimEnd());
  }
  if (findings.some(({ severity }) => severity !== "info")) process.exitCode = EXIT.findings;
  const jobs = result.jobs.map((job) => ({ name: job.name, outcome: job.outcome }));
  return { version: 1, pipeline, path, findings: diagnosticsView(findings, sources), jobs };
}

function summary(jobs: readonly ImportedJob[]): string {
  const count = (outcome: string): number => jobs.filter((job) => job.outcome === outcome).length;
  return `${jobs.length} jobs: ${count("whole")} whole, ${count("partly")} in part, ${count("left_out")} left out or never run`;
}

/** The folder with `.git` at or above the file; the file's own folder when there is none. */
function rootOf(file: string): string {
  const own = file === "-" ? process.cwd() : dirname(resolve(file));
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return own;
  }
}

/** Files below a folder. A link that leads out of it is no file of the repository. */
function filesBeside(root: string): ImportFiles {
  return {
    read: (path) => {
      try {
        const real = realpathSync(join(root, path));
        const isInside = real.startsWith(`${realpathSync(root)}${sep}`);
        return isInside && statSync(real).isFile() ? readFileSync(real) : null;
      } catch {
        return null;
      }
    },
    list: () =>
      readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll(sep, "/")),
  };
}

async function given(file: string): Promise<Uint8Array> {
  if (file === "-") return buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new CliFailure("file_unreadable", `cannot read ${file}: ${why}`, null, error);
  }
}

async function written(path: string, pipeline: string, force: boolean): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, pipeline, { flag: force ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new CliFailure("file_exists", `${path} exists already`, "--force replaces it.", error);
    throw new CliFailure("file_unreadable", `cannot write ${path}: ${(error as Error).message}`, null, error);
  }
}
