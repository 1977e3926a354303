import type { CheckRunAnswer } from "./schemas.ts";
import type { CheckRunCreate, CheckRunUpdate } from "./schemas.ts";

export interface Repository {
  readonly id: number;
  readonly fullName: string;
  /** Folder of the git repository that is served. */
  readonly path: string;
  readonly defaultBranch: string;
  readonly installationId: number;
}

export interface CheckRun extends CheckRunAnswer {
  readonly id: number;
  readonly repositoryId: number;
  /** All annotations sent so far: GitHub appends those of every update. */
  readonly annotations: readonly Annotation[];
}
type Annotation = NonNullable<NonNullable<CheckRunCreate["output"]>["annotations"]>[number];

export interface InstallationToken {
  readonly installationId: number;
  /** null: every repository of the installation. */
  readonly repositoryIds: readonly number[] | null;
  readonly permissions: Readonly<Record<string, string>> | null;
  readonly expiresAtMs: number;
}

const nullOutput = { title: null, summary: null, text: null, annotations_count: 0, annotations_url: "" };

/** The check as GitHub would hold it after an update. */
export function applyCheck(before: CheckRun, change: CheckRunUpdate): CheckRun {
  const annotations = [...before.annotations, ...(change.output?.annotations ?? [])];
  const output = change.output ?? before.output;
  return {
    ...before,
    name: change.name ?? before.name,
    external_id: change.external_id ?? before.external_id,
    status: change.conclusion === undefined ? (change.status ?? before.status) : "completed",
    conclusion: change.conclusion ?? before.conclusion,
    started_at: change.started_at ?? before.started_at,
    completed_at: change.completed_at ?? before.completed_at,
    details_url: change.details_url ?? before.details_url,
    output: {
      title: output.title ?? null,
      summary: output.summary ?? null,
      text: output.text ?? null,
      annotations_count: annotations.length,
      annotations_url: "",
    },
    annotations,
  };
}

export function createCheck(id: number, repositoryId: number, body: CheckRunCreate): CheckRun {
  const { head_sha, ...rest } = body;
  const empty: CheckRun = {
    id,
    repositoryId,
    name: body.name,
    head_sha,
    external_id: "",
    status: "queued",
    conclusion: null,
    started_at: null,
    completed_at: null,
    details_url: null,
    output: nullOutput,
    annotations: [],
  };
  return applyCheck(empty, rest);
}

/** The rules of GitHub that a schema cannot say; null when all hold. */
export function faultOfCheck(body: CheckRunUpdate, before: CheckRun | null): string | null {
  const completed = body.status === "completed" || body.completed_at !== undefined;
  if (completed && body.conclusion === undefined && (before?.conclusion ?? null) === null)
    return "a completed check needs a conclusion";
  for (const { start_line, end_line, start_column, end_column } of body.output?.annotations ?? []) {
    if (end_line < start_line) return "an annotation ends before it starts";
    if (start_line !== end_line && (start_column !== undefined || end_column !== undefined))
      return "columns are allowed on annotations of one line only";
  }
  return null;
}
