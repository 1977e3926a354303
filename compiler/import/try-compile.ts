import type { Diagnostic, Span } from "../../schemas/diagnostic.ts";
import { type PipelineEvent, pushEvent } from "../../schemas/event.ts";
import { Report } from "../diagnostics/report.ts";
import { type CompileInput, createCompiler, PIPELINE_FILE } from "../index.ts";
import { mapOf } from "../language/read.ts";
import { parseYaml } from "../yaml/index.ts";
import type { YamlMap } from "../yaml/nodes.ts";

/** An error of our compiler about a text that an import made. */
export interface OutputError {
  readonly code: string;
  readonly message: string;
  /** The key at the top of the file that it lies under. */
  readonly key: string | null;
  /** The job it lies in; null for anything else of the file. */
  readonly job: string | null;
}

const COMMIT = "0".repeat(40);
const PULL_REQUEST = {
  number: 1,
  action: "opened",
  target_ref: "refs/heads/main",
  target_sha: COMMIT,
  source_ref: "refs/heads/change",
  from_fork: false,
  draft: false,
};

/** One event of each kind that can read something else: a value may be missing for some of them only. */
function events(inputs: PipelineEvent["inputs"]): readonly PipelineEvent[] {
  const push = pushEvent({ ref: "refs/heads/main", head: COMMIT, default_branch: "main" });
  return [
    push,
    { ...push, ref: "refs/tags/v1.0.0" },
    { ...push, kind: "pull_request", ref: "refs/pull/1/head", pull_request: PULL_REQUEST },
    { ...push, kind: "manual", inputs },
    { ...push, kind: "schedule" },
  ];
}

/**
 * What our compiler refuses in a pipeline file of these texts, for any kind of event and whatever changed. `inputs` are
 * what a person gives who starts it.
 */
export function errorsOf(text: string, inputs: PipelineEvent["inputs"]): readonly OutputError[] {
  const bytes = new TextEncoder().encode(text);
  const compile = createCompiler();
  for (const event of events(inputs)) {
    const errors = compile(inputOf(bytes, event)).diagnostics.filter(({ severity }) => severity === "error");
    if (errors.length > 0) return placed(errors, bytes);
  }
  return [];
}

function inputOf(bytes: Uint8Array, event: PipelineEvent): CompileInput {
  const entry = { path: PIPELINE_FILE, blob: COMMIT, mode: "100644" as const };
  return {
    head: {
      commit: COMMIT,
      entries: new Map([[PIPELINE_FILE, entry]]),
      contents: new Map([[PIPELINE_FILE, bytes]]),
    },
    base: null,
    changes: {
      base: null,
      head: COMMIT,
      merge_base: null,
      rule: "everything",
      ladder: [],
      changed: null,
      uncertain: [],
    },
    event,
    compilerVersion: "import",
    request: { jobs: [], all: true },
  };
}

function placed(errors: readonly Diagnostic[], bytes: Uint8Array): readonly OutputError[] {
  const root = mapOf(parseYaml(PIPELINE_FILE, bytes, new Report()));
  return errors.map(({ code, message, span }) => {
    const key = keyAt(root, span);
    const job = key === "jobs" ? keyAt(mapOf(root?.entries.get(key)?.value), span) : null;
    return { code, message, key, job };
  });
}

function keyAt(map: YamlMap | null, at: Span | null): string | null {
  const entries = at === null ? [] : [...(map?.entries.values() ?? [])];
  const found = entries.find(
    ({ keySpan, value }) => at !== null && keySpan.start <= at.start && at.start <= value.span.end,
  );
  return found?.key ?? null;
}
