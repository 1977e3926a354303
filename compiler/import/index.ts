/** Other systems' pipelines as one of ours, as far as that is honest. Pure: text in, text and findings out. */
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { Report } from "../diagnostics/report.ts";
import { mapOf } from "../language/read.ts";
import { unreachable } from "../unreachable.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { type ImportFiles, NO_FILES, type Reading } from "./files.ts";
import { parseForeign } from "./foreign-yaml.ts";
import { convertGithub } from "./github/convert.ts";
import { convertGitlab } from "./gitlab/convert.ts";
import type { ImportKind } from "./kinds.ts";
import { type ImportedJob, Outcomes } from "./outcome.ts";
import { type Conversion, writtenPipeline } from "./write-pipeline.ts";

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
  /** Text of a pipeline file that compiles; null when there is none, and the findings say why. */
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
 * resembles it: where a condition cannot be converted, the job does not run. What is handed over compiles.
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
  const conversion = convert(kind, root, outcomes, reading);
  const pipeline = writtenPipeline(conversion, { kind, file, outcomes });
  return { pipeline, findings: outcomes.findings(), jobs: outcomes.jobs(), sources };
}

function convert(kind: ImportKind, root: YamlMap, outcomes: Outcomes, reading: Reading): Conversion {
  switch (kind) {
    case "gitlab":
      return convertGitlab(root, outcomes, reading);
    case "github":
      return convertGithub(root, outcomes, reading);
    default:
      return unreachable(kind);
  }
}
