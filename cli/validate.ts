import { pushEvent } from "../schemas/event.ts";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { applyFixes, type SourceTexts } from "../compiler/diagnostics/index.ts";
import {
  compile,
  inputTexts,
  NO_PINNED,
  type PinnedFiles,
  PIPELINE_FILE,
  wantedContents,
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
import type { DiagnosticFormat } from "./diagnostic-formats.ts";
import { formatDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { writeData, writeTalk } from "./output.ts";
import { pinnedHere } from "./pinned-here.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import { openHere, readingGit } from "./repository.ts";

interface ValidateRequest {
  readonly file: string | null;
  readonly fix: boolean;
  readonly format: DiagnosticFormat;
  readonly limits: PlanLimits;
  readonly policy: OperatorPolicy | null;
}

/** Files as a person has them now, by their path in the repository, and where each came from. */
interface Overlay {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Where to write a fixed file; null for standard input. */
  readonly origin: (path: string) => string | null;
}

/** A commit that is none, for what has not been committed yet. */
const NO_COMMIT = "0".repeat(40);

/** Checks the pipeline and prints what was found. The exit code is 1 when there are errors. */
export async function validateHere(request: ValidateRequest): Promise<void> {
  const { limits, policy } = request;
  const overlay = request.file === null ? await workingTree() : await oneFile(request.file);
  const around = await surroundings(request.file !== null);
  const base = { ...around, limits, policy, pinned: await pinnedFor(around, overlay.contents) };
  let found = check(base, overlay.contents);
  if (request.fix) found = await fix(base, overlay, found);
  const { diagnostics, sources } = shownAs(request.file, found);
  if (diagnostics.length === 0 && request.format === "human") {
    writeData(`${request.file ?? PIPELINE_FILE} is valid`);
  } else writeData(formatDiagnostics(request.format, diagnostics, sources));
  if (diagnostics.some(({ severity }) => severity === "error")) process.exitCode = EXIT.findings;
}

/** What is wrong with the pipeline in the working tree. */
export async function checkWorkingTree(): Promise<readonly Diagnostic[]> {
  const [base, overlay] = await Promise.all([surroundings(false), workingTree()]);
  const pinned = await pinnedFor(base, overlay.contents);
  return check({ ...base, pinned }, overlay.contents).diagnostics;
}

/** Places in the file that was named are shown by that name, not by the one it stands for. */
function shownAs(
  file: string | null,
  { diagnostics, sources }: Found,
): Pick<Found, "diagnostics" | "sources"> {
  if (file === null) return { diagnostics, sources };
  const name = file === "-" ? "(standard input)" : file;
  const named = (span: Span): Span => (span.file === PIPELINE_FILE ? { ...span, file: name } : span);
  return {
    diagnostics: diagnostics.map((diagnostic) => ({
      ...diagnostic,
      span: diagnostic.span === null ? null : named(diagnostic.span),
      related: diagnostic.related.map((other) => ({ ...other, span: named(other.span) })),
    })),
    sources: (path) => sources(path === name ? PIPELINE_FILE : path),
  };
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
    readCompileInput(repository, { wanted: wantedContents, head, base });
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

async function workingTree(): Promise<Overlay> {
  const { path: root } = await openHere();
  const names = await readdir(join(root, ".delta"), { recursive: true, withFileTypes: true }).catch(() => []);
  const contents = new Map<string, Uint8Array>();
  for (const entry of names) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    contents.set(path.slice(root.length + 1), await readFile(path));
  }
  if (!contents.has(PIPELINE_FILE)) {
    const hint = "`delta init` writes a first one.";
    throw new CliFailure("pipeline_missing", `there is no ${PIPELINE_FILE} in ${root}`, hint);
  }
  return { contents, origin: (path) => join(root, path) };
}

async function oneFile(file: string): Promise<Overlay> {
  if (file === "-") {
    const given = new TextEncoder().encode(await text(process.stdin));
    return { contents: new Map([[PIPELINE_FILE, given]]), origin: () => null };
  }
  try {
    const bytes = await readFile(file);
    return {
      contents: new Map([[PIPELINE_FILE, bytes]]),
      origin: (path) => (path === PIPELINE_FILE ? file : null),
    };
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new CliFailure("file_unreadable", `cannot read ${file}: ${why}`, null, error);
  }
}

/** Rounds of fixing: a fix can lay bare another, but never for ever. */
const FIX_ROUNDS_MAX = 10;

async function fix(base: CompileInput, overlay: Overlay, first: Found): Promise<Found> {
  let found = first;
  for (let round = 0; round < FIX_ROUNDS_MAX; round += 1) {
    const { texts, applied } = applyFixes(found.diagnostics, found.sources);
    if (applied.length === 0) return found;
    const contents = new Map(found.contents);
    for (const [path, fixed] of texts) {
      contents.set(path, new TextEncoder().encode(fixed));
      const origin = overlay.origin(path);
      if (origin === null)
        throw new CliFailure("usage", "--fix needs a file to write to", "Name one, or run it in place.");
      await writeFile(origin, fixed);
    }
    for (const { title } of applied) writeTalk(`fixed: ${title}`);
    found = check(base, contents);
  }
  return found;
}
