import { NO_PINNED, type PinnedFiles } from "../../../compiler/index.ts";
import { type LoadedPipeline, loadPipeline } from "../../../compiler/language/index.ts";
import type { PlanLimits, TreeEntry } from "../../../compiler/input.ts";
import { LineIndex, type SourceTexts } from "../../../compiler/diagnostics/index.ts";
import { DIAGNOSTIC_CODES } from "../../../schemas/diagnostic-codes.ts";
import type { Diagnostic, Span } from "../../../schemas/diagnostic.ts";
import { pushEvent, type PipelineEvent } from "../../../schemas/event.ts";

export const PIPELINE = ".delta/pipeline.yaml";

export const pushToMain: PipelineEvent = pushEvent({
  ref: "refs/heads/main",
  head: "1".repeat(40),
  default_branch: "main",
});

/** Loads a pipeline from a commit that holds these files. */
export function loadFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  event: PipelineEvent = pushToMain,
  limits?: PlanLimits,
  pinned: PinnedFiles = NO_PINNED,
): LoadedPipeline {
  const entries = new Map<string, TreeEntry>();
  const contents = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries(files)) {
    entries.set(path, { path, blob: `blob-of-${path}`, mode: "100644" });
    contents.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
  const head = { commit: event.head, entries, contents };
  return loadPipeline({ head, event, pinned, ...(limits === undefined ? {} : { limits }) });
}

export function loadText(
  text: string | Uint8Array,
  event?: PipelineEvent,
  limits?: PlanLimits,
): LoadedPipeline {
  return loadFiles({ [PIPELINE]: text }, event, limits);
}

export function codesOf(loaded: LoadedPipeline): readonly string[] {
  return loaded.diagnostics.map(({ code }) => code);
}

/** Findings as golden text: place, code, name, message, then related places and the fix. */
export function renderFindings(
  diagnostics: readonly Diagnostic[],
  files: Readonly<Record<string, string>> | SourceTexts,
): string {
  const textOf = typeof files === "function" ? files : (file: string) => files[file] ?? "";
  const place = (span: Span | null): string => {
    if (span === null) return "-";
    const lines = new LineIndex(textOf(span.file) ?? "");
    const start = lines.position(span.start);
    const end = lines.position(span.end);
    return `${span.file}:${start.line}:${start.column}-${end.line}:${end.column}`;
  };
  return diagnostics
    .flatMap(({ code, severity, message, span, related, fix }) => [
      `${place(span)} ${severity} ${code} ${DIAGNOSTIC_CODES[code].name}: ${message}`,
      ...related.map((one) => `  ${place(one.span)} ${one.message}`),
      ...(fix?.edits ?? []).map(
        (edit) => `  fix ${place(edit.span)} ${JSON.stringify(edit.newText)} (${fix?.title})`,
      ),
    ])
    .map((line) => `${line}\n`)
    .join("");
}
