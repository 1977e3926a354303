import { compile } from "../../../../compiler/index.ts";
import { type ImportedJob, importPipeline } from "../../../../compiler/import/index.ts";
import { caseInput } from "../../support/case-input.ts";
import type { CorpusFile } from "./files.ts";
import { PULL_REQUEST } from "../pull-request.ts";

/** What came of one file. */
export interface CorpusResult {
  readonly file: CorpusFile;
  /** Null when the file is no YAML that can be read; `kinds` says why. */
  readonly pipeline: string | null;
  readonly jobs: readonly ImportedJob[];
  /** What was not converted, by kind. */
  readonly kinds: readonly string[];
  /** Errors of our compiler; there must be none. */
  readonly errors: readonly string[];
  readonly milliseconds: number;
}

const EVENTS = [
  { kind: "push" as const },
  { kind: "push" as const, ref: "refs/tags/v1.0.0" },
  { kind: "pull_request" as const, pull_request: PULL_REQUEST },
];

/** Imports one file and compiles what comes of it for a few events. */
export function tryFile(file: CorpusFile): CorpusResult {
  const before = performance.now();
  const { pipeline, findings, jobs } = importPipeline(file.kind, file.path, file.bytes, {
    files: file.files,
    repository: file.repository,
  });
  const milliseconds = performance.now() - before;
  const errors = pipeline === null ? [] : EVENTS.flatMap((event) => errorsFor(pipeline, event));
  return {
    file,
    pipeline,
    jobs,
    kinds: findings.map(({ code, message }) => `${code} ${kindOf(message)}`),
    errors: [...new Set(errors)],
    milliseconds,
  };
}

function errorsFor(pipeline: string, event: (typeof EVENTS)[number]): readonly string[] {
  const { diagnostics } = compile(caseInput(pipeline, { event, request: { all: true } }));
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ code, message }) => `${code} ${message}`);
}

/** A message without what is particular to one file: names of actions and keys stay, other quotes go. */
export function kindOf(message: string): string {
  const action = /^The action `([^`@]+)/.exec(message)?.[1];
  if (action !== undefined) return `action ${action}`;
  const read = /^The script \w+ `(\$[^`]+)`/.exec(message)?.[1];
  if (read !== undefined) return `script reads ${read}`;
  const event = /^The event `([^`]+)`/.exec(message)?.[1];
  if (event !== undefined) return `event ${event}`;
  const unlike = /nothing is like `\$?(\w+\.?\w*)/.exec(message)?.[1];
  if (unlike !== undefined)
    return `${message.startsWith("This condition") ? "condition" : "text"} reads ${unlike}`;
  const key = /^`([\w-]+)` of (?:the (?:input|variable)|`?[\w./-]+`?|an? [\w ]+?)(?: |$)/.exec(message)?.[0];
  if (key !== undefined && !key.startsWith("`of")) return message.replace(/`[^`]*[^`\w.-][^`]*`/g, "`…`");
  return message.replace(/`[^`]*`/g, (quoted) =>
    /^`(?:when: \w+|github\.[\w.]+|[a-z]+\(\)|\$[A-Z_]+)`$/.test(quoted) ? quoted : "`…`",
  );
}
