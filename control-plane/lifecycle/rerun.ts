import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import { isTerminal, RUN_TRANSITIONS, type RunState } from "../../schemas/states.ts";
import type { Author } from "./change.ts";
import { createRun, type RunRequest } from "./runs.ts";

export type RerunAnswer =
  | { readonly status: "created"; readonly id: RunId; readonly number: number }
  | { readonly status: "alive" }
  | { readonly status: "not_found" };

interface RunToRepeat {
  readonly state: RunState;
  readonly repository_id: RepositoryId;
  readonly event: PipelineEvent;
  readonly head_sha: string;
  readonly base_sha: string | null;
  readonly request: RunRequest | null;
}

/** Makes a new run of the same event, commit and base as one that has ended. The old run stays as it is. */
export async function rerun(database: Database, author: Author, runId: RunId): Promise<RerunAnswer> {
  return inTransaction(database, async (tx) => {
    const [old] = await tx<RunToRepeat[]>`
      select state, repository_id, event, head_sha, base_sha, request from delta.runs where id = ${runId} for share`;
    if (old === undefined) {
      return { status: "not_found" };
    }
    if (!isTerminal(RUN_TRANSITIONS, old.state)) {
      return { status: "alive" };
    }
    const created = await createRun(tx, author, {
      repositoryId: old.repository_id,
      deliveryId: null,
      event: old.event,
      headSha: old.head_sha,
      baseSha: old.base_sha,
      request: old.request,
      rerunOf: runId,
    });
    return { status: "created", ...created };
  });
}
