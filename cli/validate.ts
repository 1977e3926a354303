import { pushEvent } from "../schemas/event.ts";
import { writeFile } from "node:fs/promises";
import { applyFixes, type SourceTexts } from "../compiler/diagnostics/index.ts";
import {
  compile,
  inputTexts,
  NO_PINNED,
  PIPELINE_FILE,
  type PinnedFiles,
  isWantedContent,
  type CompileInput,
  type OperatorPolicy,
  type PlanLimits,
  type TreeSnapshot,
} from "../compiler/index.ts";
import {
  completePinned,
  GitError,
  readCompileInput,
  worktreeCommit,
  type GitRepository,
} from "../control-plane/git/index.ts";
import type { Diagnostic, Span } from "../schemas/diagnostic.ts";
import { answerOnce } from "./answer-once.ts";
import type { DiagnosticFormat } from "./diagnostic-formats.ts";
import { writeDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { writeData, writeTalk } from "./output.ts";
import { pinnedHere } from "./pinned-here.ts";
import { ofWorkingTree, pipelinesNamed, type PipelineToCheck } from "./pipelines-to-check.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import { openHere, readingGit } from "./repository.ts";

interface ValidateRequest {
  /** Files and folders; the pipeline of the working tree when there are none. */
  readonly files: readonly string[];
  readonly fix: boolean;
  readonly format: DiagnosticFormat;
  readonly limits: PlanLimits;
  readonly policy: OperatorPolicy | null;
}

/** A commit that is none, for what has not been committed yet. */
const NO_COMMIT = "0".repeat(40);

/** Checks pipelines and prints all that was found. The exit code is 1 when there are errors. */
export async function validateHere(request: ValidateRequest): Promise<void> {
  const { limits, policy, files, format } = request;
  answerOnce();
  const pipelines = files.length === 0 ? [await ofWorkingTree()] : await pipelinesNamed(files);
  const around = { ...(await surroundings(files.length > 0)), limits, policy };
  const checked: Shown[] = [];
  for (const pipeline of pipelines) {
    const base = { ...around, pinned: await pinnedFor(around, pipeline.contents) };
    const found = check(base, pipeline.contents);
    checked.push(shownAs(pipeline, request.fix ? await fix(base, pipeline, found) : found));
  }
  const { diagnostics, sources } = together(checked);
  if (diagnostics.length === 0 && format === "human") {
    const [only] = pipelines;
    const what = pipelines.length === 1 ? `${only?.name} is` : `${pipelines.length} pipelines are`;
    writeData(`${what} valid`);
  } else writeDiagnostics(format, diagnostics, sources);
  if (diagnostics.some(({ severity }) => severity === "error")) process.exitCode = EXIT.findings;
}

/** What is wrong with the pipeline in the working tree. */
export async function checkWorkingTree(): Promise<readonly Diagnostic[]> {
  const [base, { contents }] = await Promise.all([surroundings(false), ofWorkingTree()]);
  const pinned = await pinnedFor(base, contents);
  return check({ ...base, pinned }, contents).diagnostics;
}

/** Findings with the names that a person gave, and the texts by those names. */
interface Shown {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceTexts;
  /** Names of the pipeline's own files. */
  readonly own: ReadonlySet<string>;
}

/** Places in a file that was named are shown by that name, not by the path it stands for. */
function shownAs({ nameOf }: PipelineToCheck, { contents, diagnostics, sources }: Found): Shown {
  const named = (span: Span): Span => ({ ...span, file: nameOf(span.file) });
  const paths = new Map(Array.from(contents.keys(), (path) => [nameOf(path), path]));
  return {
    diagnostics: diagnostics.map((diagnostic) => ({
      ...diagnostic,
      message: diagnostic.message.replaceAll(`\`${PIPELINE_FILE}\``, () => `\`${nameOf(PIPELINE_FILE)}\``),
      span: diagnostic.span === null ? null : named(diagnostic.span),
      related: diagnostic.related.map((other) => ({ ...other, span: named(other.span) })),
      ...(diagnostic.fix === undefined
        ? {}
        : {
            fix: {
              ...diagnostic.fix,
              edits: diagnostic.fix.edits.map((edit) => ({ ...edit, span: named(edit.span) })),
            },
          }),
    })),
    sources: (name) => sources(paths.get(name) ?? name),
    own: new Set(paths.keys()),
  };
}

/** The findings of several pipelines as one answer; what two of them share is told once. */
function together(all: readonly Shown[]): Pick<Shown, "diagnostics" | "sources"> {
  const unique = new Map(
    all.flatMap(({ diagnostics }) => diagnostics.map((one) => [JSON.stringify(one), one] as const)),
  );
  const sources: SourceTexts = (name) => {
    const owner = all.find(({ own }) => own.has(name));
    if (owner !== undefined) return owner.sources(name);
    return all.map((one) => one.sources(name)).find((text) => text !== null) ?? null;
  };
  return { diagnostics: [...unique.values()], sources };
}

interface Found {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceTexts;
}

function check(base: CompileInput, overlay: ReadonlyMap<string, Uint8Array>): Found {
  const head = laidOver(base.head, overlay);
  const { diagnostics } = compile({ ...base, head });
  return { contents: overlay, diagnostics, sources: inputTexts({ ...base, head }) };
}

/** Files of other repositories that the pipeline as it is now asks for; those of the base are of no interest. */
async function pinnedFor(base: CompileInput, overlay: ReadonlyMap<string, Uint8Array>): Promise<PinnedFiles> {
  const repository = await openHere().catch(() => null);
  const load = repository === null ? () => Promise.resolve(NOWHERE) : pinnedHere(repository);
  return completePinned(laidOver(base.head, overlay), NO_PINNED, load);
}

const NOWHERE = {
  problem: "not_allowed",
  detail: "there is no repository here whose forge it could be on",
} as const;

function laidOver(head: TreeSnapshot, overlay: ReadonlyMap<string, Uint8Array>): TreeSnapshot {
  const entries = new Map(
    [...head.entries].filter(([path]) => !path.startsWith(".delta/") || overlay.has(path)),
  );
  for (const path of overlay.keys()) entries.set(path, { path, blob: NO_COMMIT, mode: "100644" });
  return { commit: head.commit, entries, contents: new Map([...head.contents, ...overlay]) };
}

/** The files of the working tree beside HEAD; nothing outside a repository, when one file was named. */
async function surroundings(fileNamed: boolean): Promise<CompileInput> {
  const program = { compilerVersion: PROGRAM_VERSION, request: { jobs: [], all: true } };
  try {
    const repository = await openHere();
    return { ...(await readingGit(() => readSurroundings(repository))), ...program };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    const nothingCommitted = error.code === "revision_unknown";
    if (!nothingCommitted && !(fileNamed && error.code === "not_a_git_repository")) throw error;
    return { ...emptyRepository(), ...program };
  }
}

async function readSurroundings(repository: GitRepository): ReturnType<typeof readCompileInput> {
  const head = repository.bare ? "HEAD" : await worktreeIn(repository);
  const read = (base: string): ReturnType<typeof readCompileInput> =>
    readCompileInput(repository, { wanted: isWantedContent, head, base });
  return read("HEAD").catch((error: unknown) => {
    if (!(error instanceof GitError && error.code === "unknown_revision")) throw error;
    return read(head);
  });
}

/** HEAD where nothing may be written beside it, as in a checkout that another user owns. */
async function worktreeIn(repository: GitRepository): Promise<string> {
  return worktreeCommit(repository).catch((error: unknown) => {
    if (error instanceof GitError && error.code === "git_failed") return "HEAD";
    throw error;
  });
}

function emptyRepository(): Omit<CompileInput, "compilerVersion" | "request" | "limits"> {
  return {
    head: { commit: NO_COMMIT, entries: new Map(), contents: new Map() },
    base: null,
    changes: {
      base: null,
      head: NO_COMMIT,
      merge_base: null,
      rule: "everything",
      ladder: [],
      changed: null,
      uncertain: [],
    },
    event: pushEvent({ ref: "refs/heads/main", head: NO_COMMIT, default_branch: "main" }),
  };
}

/** Rounds of fixing: a fix can lay bare another, but never for ever. */
const FIX_ROUNDS_MAX = 10;

async function fix(base: CompileInput, pipeline: PipelineToCheck, first: Found): Promise<Found> {
  let found = first;
  for (let round = 0; round < FIX_ROUNDS_MAX; round += 1) {
    const { texts, applied } = applyFixes(found.diagnostics, found.sources);
    if (applied.length === 0) return found;
    const contents = new Map(found.contents);
    for (const [path, fixed] of texts) {
      contents.set(path, new TextEncoder().encode(fixed));
      const origin = pipeline.origin(path);
      if (origin === null)
        throw new CliFailure("usage", "--fix needs a file to write to", "Name one, or run it in place.");
      await writeFile(origin, fixed);
    }
    for (const { title } of applied) writeTalk(`fixed: ${title}`);
    found = check(base, contents);
  }
  return found;
}
