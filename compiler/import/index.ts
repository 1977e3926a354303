/** Other systems' pipelines as one of ours, as far as that is honest. Pure: text in, text and findings out. */
import { CONFIG_FILE_BYTES_MAX } from "../../schemas/limits.ts";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { Report } from "../diagnostics/report.ts";
import { mapOf } from "../language/read.ts";
import { unreachable } from "../unreachable.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { pipelineText } from "./emit.ts";
import { type ImportFiles, NO_FILES, type Reading } from "./files.ts";
import { parseForeign } from "./foreign-yaml.ts";
import { convertGithub } from "./github/convert.ts";
import { convertGitlab } from "./gitlab/convert.ts";
import type { ImportKind } from "./kinds.ts";
import { type ImportedJob, Outcomes } from "./outcome.ts";

export type { ImportFiles } from "./files.ts";
export { IMPORT_KINDS, type ImportKind } from "./kinds.ts";
export type { ImportedJob } from "./outcome.ts";

/** What the given file does not say itself. */
export interface ImportContext {
  /** Files that it includes are read from here; without it they are told and left out. */
  readonly files?: ImportFiles;
  /** `owner/name`; conditions that ask for the repository are decided by it, and left out without it. */
  readonly repository?: string | null;
}

export interface ImportResult {
  /** Text of a pipeline file; null when the given file is no YAML map. */
  readonly pipeline: string | null;
  /** What was left out or changed its meaning, each with its place; sorted. */
  readonly findings: readonly Diagnostic[];
  /** Jobs of the file and of what it includes, in the order read. */
  readonly jobs: readonly ImportedJob[];
  /** Every file that was read, by the name that findings give it. */
  readonly sources: ReadonlyMap<string, Uint8Array>;
}

/**
 * Converts one file. What has no counterpart is left out and told, never replaced by something that
 * resembles it: where a condition cannot be converted, the job does not run.
 */
export function importPipeline(
  kind: ImportKind,
  file: string,
  bytes: Uint8Array,
  { files = NO_FILES, repository = null }: ImportContext = {},
): ImportResult {
  const report = new Report();
  const sources = new Map([[file, bytes]]);
  const node = parseForeign(file, bytes, report);
  const root = mapOf(node);
  if (node !== null && root === null) report.add("DC1103", node.span, `\`${file}\` must be a map`);
  if (root === null) return { pipeline: null, findings: report.settle(), jobs: [], sources };
  const outcomes = new Outcomes();
  const reading: Reading = {
    repository,
    parse: (path, within) => {
      const content = files.read(path);
      if (content === null) return null;
      sources.set(path, content);
      return mapOf(parseForeign(path, content, within));
    },
    list: files.list,
  };
  const pipeline = pipelineText(convert(kind, root, outcomes, reading), kind, file);
  const size = Math.ceil(Buffer.byteLength(pipeline) / 1024);
  if (size * 1024 > CONFIG_FILE_BYTES_MAX) {
    const message = `What comes of this file has ${size} KiB, and a pipeline may have ${CONFIG_FILE_BYTES_MAX / 1024} KiB; split it into files and include them`;
    outcomes.file.add("DC1802", { file, start: 0, end: 0 }, message);
  }
  return { pipeline, findings: outcomes.findings(), jobs: outcomes.jobs(), sources };
}

function convert(kind: ImportKind, root: YamlMap, outcomes: Outcomes, reading: Reading) {
  switch (kind) {
    case "gitlab":
      return convertGitlab(root, outcomes, reading);
    case "github":
      return convertGithub(root, outcomes, reading);
    default:
      return unreachable(kind);
  }
}
