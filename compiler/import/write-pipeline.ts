import type { PipelineEvent } from "../../schemas/event.ts";
import { CONFIG_FILE_BYTES_MAX } from "../../schemas/limits.ts";
import type { YamlEntry } from "../yaml/nodes.ts";
import { type JobDraft, type PipelineDraft, pipelineText } from "./emit.ts";
import { withKnownNeeds, type WrittenJobs } from "./known-needs.ts";
import type { Outcomes } from "./outcome.ts";
import { leftOut } from "./reader.ts";
import { errorsOf, type OutputError } from "./try-compile.ts";

/** A draft, and where its jobs were written. */
export interface Conversion {
  readonly draft: PipelineDraft;
  readonly writtenOf: WrittenJobs;
  /** What each key at the top of the pipeline was made of. */
  readonly madeOf: Readonly<Record<string, YamlEntry | null>>;
}

/** Rounds of leaving jobs out. One error may hide another, as a shape hides what follows from it. */
const ROUNDS_MAX = 8;

/**
 * The text of the pipeline file, which compiles. A job that our compiler refuses is left out, and told where it was
 * written; what it refuses of the file as a whole leaves no text.
 */
export function writtenPipeline(
  { draft, writtenOf, madeOf }: Conversion,
  { kind, file, outcomes }: { readonly kind: string; readonly file: string; readonly outcomes: Outcomes },
): string | null {
  const inputs = givenInputs(draft);
  let jobs = draft.jobs;
  let errors: readonly OutputError[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const text = fittingText({ ...draft, jobs }, kind, file);
    errors = errorsOf(text, inputs);
    if (errors.length === 0) return text;
    // What jobs share stands apart from them, and so would its error.
    errors = errorsOf(pipelineText({ ...draft, jobs }, kind, file, "each job whole"), inputs);
    const refused = refusedJobs(errors);
    if (refused.size === 0) break;
    jobs = withoutJobs(jobs, refused, writtenOf, outcomes);
  }
  const [first] = errors;
  const place = madeOf[first?.key ?? ""]?.keySpan ?? { file, start: 0, end: 0 };
  outcomes.leaveAll();
  outcomes.file.add(
    "DC1803",
    place,
    `What comes of this file does not compile, and is not handed over: ${first?.message ?? "it has too many faults"} (${first?.code ?? "DC1803"})`,
  );
  return null;
}

/** Aliases make a text shorter, and harder to read: only one that is too long has them. */
function fittingText(draft: PipelineDraft, kind: string, file: string): string {
  const text = pipelineText(draft, kind, file);
  return Buffer.byteLength(text) > CONFIG_FILE_BYTES_MAX ? pipelineText(draft, kind, file, "aliases") : text;
}

/** The first error of each job. */
function refusedJobs(errors: readonly OutputError[]): ReadonlyMap<string, OutputError> {
  const refused = new Map<string, OutputError>();
  for (const error of errors)
    if (error.job !== null && !refused.has(error.job)) refused.set(error.job, error);
  return refused;
}

function withoutJobs(
  jobs: ReadonlyMap<string, JobDraft>,
  refused: ReadonlyMap<string, OutputError>,
  writtenOf: WrittenJobs,
  outcomes: Outcomes,
): ReadonlyMap<string, JobDraft> {
  for (const [id, { code, message }] of refused) {
    const written = writtenOf(id);
    if (written === null) continue;
    leftOut(
      written.report,
      written.entry.keySpan,
      `What comes of this job does not compile, and it was left out: ${message} (${code})`,
    );
    outcomes.leave(written.report);
  }
  return withKnownNeeds(new Map([...jobs].filter(([id]) => !refused.has(id))), writtenOf, outcomes);
}

const ANY = { string: "any", number: 1, boolean: false } as const;

/** A value for each input that has to be given. */
function givenInputs({ inputs }: PipelineDraft): PipelineEvent["inputs"] {
  return Object.fromEntries(
    Object.entries(inputs ?? {}).flatMap(([name, input]) => {
      const { type = "string", options = [], default: standard } = input as InputDraft;
      return standard === undefined ? [[name, options[0] ?? ANY[type]]] : [];
    }),
  );
}

interface InputDraft {
  readonly type?: keyof typeof ANY;
  readonly options?: readonly string[];
  readonly default?: unknown;
}
