import { realpath } from "node:fs/promises";
import { basename, isAbsolute, resolve } from "node:path";
import type { FastifyRequest } from "fastify";
import type { LocalRunRequest } from "../../schemas/api.ts";
import { pushEvent, type PipelineEvent } from "../../schemas/event.ts";
import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import { newId } from "../clock.ts";
import type { Database } from "../db/client.ts";
import { upsertRepository } from "../db/deliveries.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { GitError, openRepository, resolveCommit } from "../git/index.ts";
import { createRun } from "../lifecycle/index.ts";
import { HttpError } from "./errors.ts";

/** Control characters stand in no ref and in no sane path. */
const PRINTABLE = /^[^\u0000-\u001f\u007f]+$/;

/**
 * Starts a run of a commit in a repository on this machine. The event is the one that `delta plan`
 * makes of the same commit, so both give the same plan. The mirror fetches from the path; nothing is
 * ever written into the person's repository.
 */
export async function startLocalRun(database: Database, request: LocalRunRequest): Promise<RunId> {
  const { repository_path: path, head, base, ref, default_branch, jobs, all } = request;
  if (!isAbsolute(path) || resolve(path) !== path || !PRINTABLE.test(path)) {
    throw new HttpError(
      "invalid_request",
      "body: /repository_path: must be an absolute path without . or ..",
    );
  }
  if (!PRINTABLE.test(ref) || (ref !== head && !ref.startsWith("refs/"))) {
    throw new HttpError("invalid_request", "body: /ref: must be a full ref name or the commit itself");
  }
  const top = await repositoryAt(path, base === null ? [head] : [head, base]);
  const event: PipelineEvent = pushEvent({ ref, head, default_branch });
  const repository = {
    forgeId: top,
    fullName: basename(top),
    cloneUrl: top,
    defaultBranch: default_branch ?? "",
    installationId: null,
  };
  return inTransaction(database, async (tx) => {
    const { id } = await createRun(
      tx,
      { actor: "user:api", cause: "a local run was asked for" },
      {
        repositoryId: await upsertRepository(tx, "local", repository, newId<RepositoryId>()),
        deliveryId: null,
        event,
        headSha: head,
        baseSha: base,
        request: { jobs, all },
        rerunOf: null,
      },
    );
    return id;
  });
}

/** Paths of this machine may be named only by somebody who is on it, and not through a proxy. */
export function isFromThisMachine(request: FastifyRequest): boolean {
  const address = request.socket.remoteAddress ?? "";
  const isLoopback = /^(::ffff:)?127\./.test(address) || address === "::1";
  const proxied = ["forwarded", "x-forwarded-for", "via"].some((name) => name in request.headers);
  return isLoopback && !proxied;
}

async function repositoryAt(path: string, commits: readonly string[]): Promise<string> {
  try {
    const repository = await openRepository(path);
    for (const commit of commits) {
      await resolveCommit(repository, commit);
    }
    return await realpath(repository.path);
  } catch (error) {
    if (error instanceof GitError) {
      throw new HttpError("invalid_request", `body: /repository_path: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
