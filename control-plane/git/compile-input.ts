import type { TreeEntry, TreeSnapshot } from "../../compiler/input.ts";
import { NO_PINNED } from "../../compiler/index.ts";
import { wantedManifests } from "../../compiler/components/index.ts";
import { type BaseChoice, type BaseQuestion, chooseBase } from "./base-ladder.ts";
import { toChangeSet } from "./change-set.ts";
import { describeHead } from "./describe-head.ts";
import { readDiff } from "./diff.ts";
import type { RawChange } from "./raw-change.ts";
import { GitError } from "./git-error.ts";
import { type History, historyOf } from "./history.ts";
import type { AffectedSources, BaseRequest, CompileSources, GitRepository, ReadRequest } from "./model.ts";
import { ObjectReader } from "./object-reader.ts";
import { readTree, undoChanges } from "./tree.ts";
import { TreeReader } from "./tree-reader.ts";

/** Rounds of "which further files does this configuration name"; includes nest far less deep. */
const WANTED_ROUNDS_MAX = 32;

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
  const wanted = request.wanted ?? wantedByDefault;
  const compare = (asked: BaseRequest): Promise<Comparison> =>
    compareWithBase(
      repository,
      history,
      trees,
      { head, explicit: request.base ?? null, request: asked, event },
      request,
    );
  const [headTree, climbed] = await Promise.all([
    readTree(trees, head).then((entries) => completed(objects, snapshot(head, entries), request, wanted)),
    compare(AUTO),
  ]);
  const own = (await request.pinned?.(headTree, NO_PINNED)) ?? NO_PINNED;
  const asked = (request.base ?? null) === null ? (request.baseRequest?.(headTree, own) ?? AUTO) : AUTO;
  // Nearly every pipeline asks for nothing else, so the usual base is looked for while its text is still read.
  const { choice, compared, diff } = asked.prefer === AUTO.prefer ? climbed : await compare(asked);
  const baseTree =
    compared === null || diff === null
      ? null
      : await withContents(
          objects,
          snapshot(compared, undoChanges(headTree.entries, diff)),
          wanted,
          headTree,
        );
  const pinned = baseTree === null ? own : ((await request.pinned?.(baseTree, own)) ?? own);
  return { head: headTree, base: baseTree, changes: toChangeSet(choice, head, diff), event, pinned };
}

/** The same without an event, for asking what is affected in any repository. */
export async function readAffectedInput(
  repository: GitRepository,
  request: ReadRequest = {},
): Promise<AffectedSources> {
  const { head, base, changes } = await readCompileInput(repository, { wanted: wantedManifests, ...request });
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

function snapshot(commit: string, entries: ReadonlyMap<string, TreeEntry>): TreeSnapshot {
  return { commit, entries, contents: new Map() };
}

function wantedByDefault(paths: Iterable<string>): string[] {
  const all = [...paths];
  return [...wantedManifests(all), ...all.filter((path) => path.startsWith(".delta/"))];
}

async function withContents(
  objects: ObjectReader,
  tree: TreeSnapshot,
  wanted: (paths: Iterable<string>) => Iterable<string>,
  known: TreeSnapshot = tree,
): Promise<TreeSnapshot> {
  return { ...tree, contents: await readContents(objects, tree, wanted(tree.entries.keys()), known) };
}

/** Loads what is wanted, then what that names, until nothing new is named. */
async function completed(
  objects: ObjectReader,
  tree: TreeSnapshot,
  request: ReadRequest,
  wanted: (paths: Iterable<string>) => Iterable<string>,
): Promise<TreeSnapshot> {
  let loaded = await withContents(objects, tree, wanted);
  for (let round = 0; round < WANTED_ROUNDS_MAX; round += 1) {
    const more = [...(request.wantedMore?.(loaded) ?? [])].filter((path) => !loaded.contents.has(path));
    const contents = await readContents(objects, loaded, more, loaded);
    if (contents.size === 0) break;
    loaded = { ...loaded, contents: new Map([...loaded.contents, ...contents]) };
  }
  return loaded;
}

/**
 * Contents by path. A path that the tree does not hold, a submodule and a lost blob have none. What `known` has
 * of the same blob in the same place is not read again: between base and head that is nearly everything.
 */
async function readContents(
  objects: ObjectReader,
  tree: TreeSnapshot,
  paths: Iterable<string>,
  known: TreeSnapshot,
): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  const unread: TreeEntry[] = [];
  for (const path of new Set(paths)) {
    const entry = tree.entries.get(path);
    if (entry === undefined || entry.mode === "160000") continue;
    const content = contentIn(known, entry);
    if (content === undefined) unread.push(entry);
    else contents.set(path, content);
  }
  const blobs = unread.map(({ blob }) => blob);
  await objects.readEach(blobs, (object, index) => {
    const path = unread[index]?.path;
    if (path !== undefined && object !== null && object.content !== null) contents.set(path, object.content);
  });
  return contents;
}

function contentIn({ entries, contents }: TreeSnapshot, { path, blob }: TreeEntry): Uint8Array | undefined {
  return entries.get(path)?.blob === blob ? contents.get(path) : undefined;
}
