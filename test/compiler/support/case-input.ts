import { createHash } from "node:crypto";
import {
  type CompileInput,
  PIPELINE_FILE,
  type TreeEntry,
  type TreeSnapshot,
} from "../../../compiler/input.ts";
import { isWantedContent } from "../../../compiler/index.ts";
import type { ChangedPath, ChangeSet, Uncertainty } from "../../../schemas/changes.ts";
import { pushEvent, type PipelineEvent } from "../../../schemas/event.ts";

export const HEAD = "1111111111111111111111111111111111111111";
export const BASE = "2222222222222222222222222222222222222222";

/** What a test says about a commit and its event; the rest is a plain push to main with a known base. */
export interface CaseInput {
  readonly event?: Partial<PipelineEvent>;
  /** A bare path was modified. null: the base is unknown. */
  readonly changed?: readonly (string | ChangedPath)[] | null;
  /** Files at head beside the pipeline, with their text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that differ at the base: their text, or null for one that was not there. */
  readonly base?: Readonly<Record<string, string | null>>;
  /** Paths of submodules at head. */
  readonly submodules?: readonly string[];
  readonly uncertain?: readonly Uncertainty[];
  readonly request?: Partial<CompileInput["request"]>;
}

export function caseInput(pipeline: string | null, given: CaseInput = {}): CompileInput {
  const { changed = [], submodules = [], uncertain = [] } = given;
  const files = new Map(Object.entries(given.files ?? {}));
  for (const change of changed ?? []) {
    const { status, path } = typeof change === "string" ? { status: "M", path: change } : change;
    if (status !== "D" && !files.has(path) && !submodules.includes(path)) files.set(path, "");
  }
  if (pipeline !== null) files.set(PIPELINE_FILE, pipeline);
  const baseFiles = new Map(files);
  for (const [path, text] of Object.entries(given.base ?? {})) {
    if (text === null) baseFiles.delete(path);
    else baseFiles.set(path, text);
  }
  const changes: ChangeSet = {
    base: changed === null ? null : BASE,
    head: HEAD,
    merge_base: changed === null ? null : BASE,
    rule: changed === null ? "everything" : "explicit",
    ladder: [],
    changed: changed?.map((path) => (typeof path === "string" ? { status: "M", path } : path)) ?? null,
    uncertain,
  };
  return {
    head: snapshot(HEAD, files, submodules),
    base: changed === null ? null : snapshot(BASE, baseFiles, submodules),
    changes,
    event: { ...push(), ...given.event },
    compilerVersion: "0.0.0",
    request: { jobs: [], all: false, ...given.request },
  };
}

export function push(): PipelineEvent {
  return pushEvent({ ref: "refs/heads/main", head: HEAD, default_branch: "main", before: BASE });
}

/** A commit made of texts; submodules have a commit in place of a blob. */
export function snapshot(
  commit: string,
  files: ReadonlyMap<string, string>,
  submodules: readonly string[] = [],
): TreeSnapshot {
  const entries = new Map<string, TreeEntry>();
  const bytes = new Map<string, Uint8Array>();
  for (const [path, text] of files) {
    const content = new TextEncoder().encode(text);
    entries.set(path, { path, blob: blobId(content), mode: "100644" });
    bytes.set(path, content);
  }
  for (const path of submodules) entries.set(path, { path, blob: "3".repeat(40), mode: "160000" });
  const contents = new Map<string, Uint8Array>();
  for (const [path, content] of bytes) if (isWantedContent(path)) contents.set(path, content);
  return { commit, entries, contents };
}

function blobId(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
