import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { buffer } from "node:stream/consumers";
import { type DiagnosticsView, diagnosticsView, textsOf } from "../compiler/diagnostics/index.ts";
import { IMPORT_KINDS, importPipeline } from "../compiler/import/index.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { writeData, writeTalk } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

export interface ImportRequest {
  readonly system: string;
  readonly file: string;
  /** Null prints the pipeline. */
  readonly out: string | null;
  readonly force: boolean;
}

export interface ImportAnswer {
  readonly version: 1;
  /** Null when the file could not be read as YAML. */
  readonly pipeline: string | null;
  /** Where it was written; null when it was not. */
  readonly path: string | null;
  readonly findings: DiagnosticsView;
}

/** Converts one file. The exit code is 1 when anything was left out or the file cannot be read as YAML. */
export async function importHere(request: ImportRequest, json: boolean): Promise<ImportAnswer> {
  const kind = IMPORT_KINDS.find((known) => known === request.system);
  if (kind === undefined)
    throw new CliFailure("usage", `${request.system} is not one of ${IMPORT_KINDS.join(", ")}`);
  const name = request.file === "-" ? "(standard input)" : request.file;
  const bytes = await given(request.file);
  const { pipeline, findings } = importPipeline(kind, name, bytes);
  const sources = textsOf(new Map([[name, bytes]]));
  const path = pipeline === null ? null : request.out;
  if (pipeline !== null && path !== null) await written(path, pipeline, request.force);
  if (!json) {
    await talkDiagnostics(findings, sources);
    if (path !== null) writeTalk(`wrote ${path}`);
    else if (pipeline !== null) writeData(pipeline.trimEnd());
  }
  if (findings.length > 0) process.exitCode = EXIT.findings;
  return { version: 1, pipeline, path, findings: diagnosticsView(findings, sources) };
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
