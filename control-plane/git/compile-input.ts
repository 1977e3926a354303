import type { TreeSnapshot } from "../../compiler/input.ts";
import { isWantedContent, NO_PINNED } from "../../compiler/index.ts";
import { isManifest, readAhead } from "../../compiler/components/index.ts";
import { type BaseChoice, type BaseQuestion, chooseBase } from "./base-ladder.ts";
import { toChangeSet } from "./change-set.ts";
import { CommitContents } from "./commit-contents.ts";
import { describeHead } from "./describe-head.ts";
import { readDiff } from "./diff.ts";
import type { RawChange } from "./raw-change.ts";
import { GitError } from "./git-error.ts";
import { type History, historyOf } from "./history.ts";
import type { AffectedSources, BaseRequest, CompileSources, GitRepository, ReadRequest } from "./model.ts";
import { ObjectReader } from "./object-reader.ts";
import { readTree, undoChanges } from "./tree.ts";
import { TreeReader } from "./tree-reader.ts";

/**
 * Everything the compiler needs to know about a commit: its tree, what changed and against what, and
 * the contents of the files that matter. Throws GitError for the outside world's faults. A doubt about
 * the base is none of them: it is written into the change set, which then counts everything.
 */
export async function readCompileInput(
  repository: GitRepository,
  request: ReadRequest = {},
): Promise<CompileSources> {
  await using objects = new ObjectReader(repository, request.signal);
  const history = historyOf(repository, objects, request);
  const trees = new TreeReader(repository, objects);
  const revision = headRevision(request);
  const head = await resolveIn(history, revision);
  const event = request.event ?? (await describeHead(repository, objects, revision, head));
  const wanted = request.wanted ?? isWantedContent;
  const compare = (asked: BaseRequest): Promise<Comparison> =>
    compareWithBase(
      repository,
      history,
      trees,
      { head, explicit: request.base ?? null, request: asked, event },
      request,
    );
  const [headTree, climbed] = await Promise.all([readHead(objects, trees, head, wanted), compare(AUTO)]);
  const own = (await request.pinned?.(headTree, NO_PINNED)) ?? NO_PINNED;
  const asked = (request.base ?? null) === null ? (request.baseRequest?.(headTree, own) ?? AUTO) : AUTO;
  // Nearly every pipeline asks for nothing else, so the usual base is looked for while its text is still read.
  const { choice, compared, diff } = asked.prefer === AUTO.prefer ? climbed : await compare(asked);
  const baseTree =
    compared === null || diff === null
      ? null
      : await readBase(new CommitContents(objects, wanted), { commit: compared, head: headTree, diff });
  const pinned = baseTree === null ? own : ((await request.pinned?.(baseTree, own)) ?? own);
  return { head: headTree, base: baseTree, changes: toChangeSet(choice, head, diff), event, pinned };
}

/** The same without an event, for asking what is affected in any repository. */
export async function readAffectedInput(
  repository: GitRepository,
  request: ReadRequest = {},
): Promise<AffectedSources> {
  const { head, base, changes } = await readCompileInput(repository, { wanted: isManifest, ...request });
  return { head, base, changes };
}

/** Full id of the commit that a revision names. Throws GitError `unknown_revision`. */
export async function resolveCommit(repository: GitRepository, revision: string): Promise<string> {
  await using objects = new ObjectReader(repository);
  return await resolveIn(historyOf(repository, objects), revision);
}

function headRevision({ head, event }: ReadRequest): string {
  const revision = head ?? event?.head ?? "HEAD";
  if (event?.deleted === true || /^0{40,64}$/.test(revision)) {
    throw new GitError(
      "ref_deleted",
      `${event?.ref ?? "the ref"} was deleted, so there is no commit to read`,
    );
  }
  return revision;
}

async function resolveIn(history: History, revision: string): Promise<string> {
  const commit = await history.commit(revision);
  if (commit !== null) return commit;
  const why = history.shallow ? "; its history is shallow, so the commit may not have been fetched" : "";
  throw new GitError(
    "unknown_revision",
    `${JSON.stringify(revision)} names no commit in this repository${why}`,
  );
}

interface Comparison {
  readonly choice: BaseChoice;
  /** The commit that the head is compared with. */
  readonly compared: string | null;
  /** null when there is no base, or when more changed than is kept. */
  readonly diff: readonly RawChange[] | null;
}

const AUTO: BaseRequest = { prefer: "auto" };

async function compareWithBase(
  repository: GitRepository,
  history: History,
  trees: TreeReader,
  question: BaseQuestion,
  { signal }: ReadRequest,
): Promise<Comparison> {
  const choice = await chooseBase(history, question);
  const compared = choice.mergeBase ?? choice.base;
  const diff = compared === null ? null : await readDiff(repository, trees, compared, question.head, signal);
  return { choice, compared, diff };
}

async function readHead(
  objects: ObjectReader,
  trees: TreeReader,
  commit: string,
  wanted: (path: string) => boolean,
): Promise<TreeSnapshot> {
  // While git reads on, for there is nothing else to do.
  const contents = new CommitContents(objects, wanted, readAhead);
  const entries = await readTree(trees, commit, (file) => contents.meet(file));
  return { commit, entries, contents: await contents.whole() };
}

/** The head's tree before what changed: what did not is not read again, and that is nearly everything. */
async function readBase(
  changed: CommitContents,
  {
    commit,
    head,
    diff,
  }: { readonly commit: string; readonly head: TreeSnapshot; readonly diff: readonly RawChange[] },
): Promise<TreeSnapshot> {
  const entries = undoChanges(head.entries, diff);
  const contents = new Map(head.contents);
  for (const path of new Set(diff.flatMap(({ path, oldPath }) => [path, oldPath ?? path]))) {
    contents.delete(path);
    const entry = entries.get(path);
    if (entry !== undefined) changed.meet(entry);
  }
  for (const [path, content] of await changed.whole()) contents.set(path, content);
  return { commit, entries, contents };
}
