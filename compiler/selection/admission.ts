import type { PipelineEvent } from "../../schemas/event.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import { listAdmits, type MatchBudget } from "../globs/index.ts";
import type { PullRequestTrigger, PushTrigger, TriggersModel } from "../language/model.ts";
import { unreachable } from "../unreachable.ts";
import type { ChangeFacts } from "./change-facts.ts";
import type { Doubt } from "./doubt.ts";
import type { GlobLists } from "./path-lists.ts";
import { globsPhrase } from "./judge-condition.ts";
import { named } from "./sentence.ts";

/** What GitHub and its kin send for a pull request whose commits are new. */
export const PULL_REQUEST_TYPES_DEFAULT = ["opened", "synchronize", "reopened"] as const;

/** Why the pipeline does not start for the event, and where that is written. Null when it starts. */
export interface Refusal {
  readonly because: string;
  readonly span: Span;
}

/** Whether `on` admits the event. A doubt about the changed paths admits it. */
export function refusalOf(
  event: PipelineEvent,
  on: TriggersModel,
  facts: ChangeFacts,
  lists: GlobLists,
  doubt: Doubt | null,
): Refusal | null {
  const budget = { left: 1_000_000 };
  if (event.deleted) return { because: `${named(event.ref)} was deleted`, span: on.span };
  switch (event.kind) {
    case "push":
      if (on.push === null) return notStarted("pushes", on);
      return (
        refusePush(event.ref, on.push, lists, budget) ?? refusePaths(event.ref, on.push, facts, lists, doubt)
      );
    case "pull_request":
      return on.pullRequest === null
        ? notStarted("pull requests", on)
        : refusePullRequest(event, on.pullRequest, lists, budget);
    case "manual":
      return on.manual === null ? notStarted("a person's request", on) : null;
    case "api":
      return on.api === null ? notStarted("requests by API", on) : null;
    case "schedule":
      return on.schedule.length === 0 ? notStarted("a schedule", on) : null;
    default:
      return unreachable(event.kind);
  }
}

function notStarted(what: string, on: TriggersModel): Refusal {
  return { because: `the pipeline does not start for ${what}`, span: on.span };
}

function refusePush(ref: string, push: PushTrigger, lists: GlobLists, budget: MatchBudget): Refusal | null {
  const { branches, tags, span } = push;
  if (branches === null && tags === null) return null;
  const isTag = ref.startsWith("refs/tags/");
  const isBranch = ref.startsWith("refs/heads/");
  const [list, kind] = isTag ? [tags, "tags"] : [branches, "branches"];
  const name = ref.replace(/^refs\/(?:heads|tags)\//, "");
  if (list === null) return { because: `\`on.push\` names no ${kind}, and ${named(name)} is one`, span };
  if (!isTag && !isBranch) return { because: `${named(ref)} is neither a branch nor a tag`, span };
  if (listAdmits(lists.of(list), name, budget)) return null;
  const globs = globsPhrase(list);
  return { because: `${named(name)} does not match \`on.push.${kind}\`: ${globs}`, span: list.span };
}

/** A tag is pushed as a whole: which paths changed since some other commit says nothing about it. */
function refusePaths(
  ref: string,
  { paths }: PushTrigger,
  facts: ChangeFacts,
  lists: GlobLists,
  doubt: Doubt | null,
): Refusal | null {
  if (paths === null || ref.startsWith("refs/tags/")) return null;
  const list = lists.of(paths);
  const isUnsure = doubt !== null || facts.doubt !== null || facts.doubtOf(list) !== null;
  if (isUnsure || facts.matcher.of(list).total > 0) return null;
  const globs = globsPhrase(paths);
  return { because: `no changed path matches \`on.push.paths\`: ${globs}`, span: paths.span };
}

function refusePullRequest(
  event: PipelineEvent,
  { span, types, targets, forks }: PullRequestTrigger,
  lists: GlobLists,
  budget: MatchBudget,
): Refusal | null {
  const pull = event.pull_request;
  if (pull === null) return { because: "the event carries no pull request", span };
  const admitted: readonly string[] = types?.map(({ value }) => value) ?? PULL_REQUEST_TYPES_DEFAULT;
  if (!admitted.includes(pull.action)) {
    return {
      because: `${named(pull.action)} is not among \`on.pull_request.types\``,
      span: types?.[0]?.span ?? span,
    };
  }
  if (pull.from_fork && !forks) {
    return { because: "the pull request comes from a fork, and `on.pull_request.forks` is false", span };
  }
  const target = pull.target_ref.replace(/^refs\/heads\//, "");
  if (targets === null || listAdmits(lists.of(targets), target, budget)) return null;
  const globs = globsPhrase(targets);
  return {
    because: `${named(target)} does not match \`on.pull_request.targets\`: ${globs}`,
    span: targets.span,
  };
}
