/** Other systems' pipelines as one of ours, as far as that is honest. Pure: text in, text and findings out. */
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { Report } from "../diagnostics/report.ts";
import { mapOf } from "../language/read.ts";
import { unreachable } from "../unreachable.ts";
import { parseYaml } from "../yaml/index.ts";
import { pipelineText } from "./emit.ts";
import { convertGithub } from "./github/convert.ts";
import { convertGitlab } from "./gitlab/convert.ts";
import type { ImportKind } from "./kinds.ts";

export { IMPORT_KINDS, type ImportKind } from "./kinds.ts";

export interface ImportResult {
  /** Text of a pipeline file; null when the given file is no YAML map. */
  readonly pipeline: string | null;
  /** What was left out or changed its meaning, each with its place in the given file; sorted. */
  readonly findings: readonly Diagnostic[];
}

/**
 * Converts one file. What has no counterpart is left out and told, never replaced by something that
 * resembles it: where a condition cannot be converted, the job does not run.
 */
export function importPipeline(kind: ImportKind, file: string, bytes: Uint8Array): ImportResult {
  const report = new Report();
  const node = parseYaml(file, bytes, report);
  const root = mapOf(node);
  if (node !== null && root === null) report.add("DC1103", node.span, `\`${file}\` must be a map`);
  const pipeline = root === null ? null : pipelineText(convert(kind, root, report), kind, file);
  return { pipeline, findings: report.settle() };
}

function convert(kind: ImportKind, root: NonNullable<ReturnType<typeof mapOf>>, report: Report) {
  switch (kind) {
    case "gitlab":
      return convertGitlab(root, report);
    case "github":
      return convertGithub(root, report);
    default:
      return unreachable(kind);
  }
}
