import type { PipelineEvent } from "../../../schemas/event.ts";
import type { ForgeReading, ForgeRepository } from "../../../schemas/forge.ts";
import { validate } from "../../../schemas/validate.ts";
import { PullRequestPayload, PushPayload, RerequestPayload, type RepositoryPayload } from "./payloads.ts";

/** Actions that give a pull request another head or another base, or make it ready to be looked at. */
const PULL_REQUEST_ACTIONS: ReadonlySet<string> = new Set([
  "opened",
  "synchronize",
  "reopened",
  "ready_for_review",
  "edited",
]);

/** What a delivery means. Pure; the body is whatever JSON the signed bytes held. */
export function readGitHubEvent(eventName: string, body: unknown): ForgeReading {
  switch (eventName) {
    case "push":
      return push(body);
    case "pull_request":
      return pullRequest(body);
    case "check_run":
    case "check_suite":
      return rerequest(eventName, body);
    case "ping":
      return { kind: "ignored", why: "a ping: the webhook works" };
    default:
      return { kind: "ignored", why: `${eventName} events start nothing` };
  }
}

function push(body: unknown): ForgeReading {
  const read = validate(PushPayload, body);
  if (!read.ok) {
    return { kind: "malformed", why: read.fault };
  }
  const { ref, before, after, forced, deleted, head_commit, repository, installation } = read.value;
  if (deleted || isZero(after)) {
    return { kind: "ignored", why: `${ref} was deleted` };
  }
  if (!ref.startsWith("refs/heads/") && !ref.startsWith("refs/tags/")) {
    return { kind: "ignored", why: `${ref} is neither a branch nor a tag` };
  }
  // For an annotated tag `after` is the tag object; the commit it names is the head commit.
  const head = head_commit?.id ?? after;
  const event: PipelineEvent = {
    ...blank(repository),
    kind: "push",
    ref,
    head,
    before: isZero(before) ? null : before,
    forced,
  };
  return { kind: "event", repository: forgeRepository(repository, installation), event };
}

function pullRequest(body: unknown): ForgeReading {
  const read = validate(PullRequestPayload, body);
  if (!read.ok) {
    return { kind: "malformed", why: read.fault };
  }
  const { action, changes, pull_request: pull, repository, installation } = read.value;
  const what = `pull request ${pull.number}`;
  if (!PULL_REQUEST_ACTIONS.has(action)) {
    return { kind: "ignored", why: `${what} was ${action}` };
  }
  if (action === "edited" && changes?.base === undefined) {
    return { kind: "ignored", why: `${what} was edited, its base is the same` };
  }
  if (pull.state !== "open") {
    return { kind: "ignored", why: `${what} is ${pull.state}` };
  }
  if (pull.base.repo.id !== repository.id) {
    return { kind: "malformed", why: "/pull_request/base/repo/id is not the repository of the delivery" };
  }
  const fromFork = pull.head.repo?.id !== repository.id;
  const event: PipelineEvent = {
    ...blank(repository),
    kind: "pull_request",
    ref: `refs/pull/${pull.number}/head`,
    head: pull.head.sha,
    trust: fromFork ? "fork" : "trusted",
    pull_request: {
      number: pull.number,
      action,
      target_ref: `refs/heads/${pull.base.ref}`,
      target_sha: pull.base.sha,
      source_ref: `refs/heads/${pull.head.ref}`,
      from_fork: fromFork,
      draft: pull.draft ?? false,
    },
  };
  return { kind: "event", repository: forgeRepository(repository, installation), event };
}

function rerequest(eventName: "check_run" | "check_suite", body: unknown): ForgeReading {
  const read = validate(RerequestPayload, body);
  if (!read.ok) {
    return { kind: "malformed", why: read.fault };
  }
  const { action, repository, installation } = read.value;
  if (action !== "rerequested") {
    return { kind: "ignored", why: `${eventName} ${action}` };
  }
  const subject = read.value[eventName];
  if (subject === undefined) {
    return { kind: "malformed", why: `/${eventName} is missing` };
  }
  return {
    kind: "rerun",
    repository: forgeRepository(repository, installation),
    head: subject.head_sha,
    externalId: eventName === "check_run" ? (subject.external_id ?? null) : null,
  };
}

function blank(repository: RepositoryPayload): Omit<PipelineEvent, "kind" | "ref" | "head"> {
  return {
    default_branch: repository.default_branch,
    before: null,
    forced: false,
    deleted: false,
    pull_request: null,
    trust: "trusted",
    inputs: {},
  };
}

function forgeRepository(
  repository: RepositoryPayload,
  installation: { readonly id: number } | undefined,
): ForgeRepository {
  return {
    forgeId: String(repository.id),
    fullName: repository.full_name,
    cloneUrl: repository.clone_url,
    defaultBranch: repository.default_branch,
    installationId: installation === undefined ? null : String(installation.id),
  };
}

function isZero(sha: string): boolean {
  return /^0+$/.test(sha);
}
