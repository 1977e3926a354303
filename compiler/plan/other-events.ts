import type { PipelineEvent } from "../../schemas/event.ts";
import type { GlobList, TriggersModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";

export interface OtherEvent {
  /** Completes "it would run if ...". */
  readonly words: string;
  readonly event: PipelineEvent;
}

/** Other events of the same commit, the likeliest first: those that `on` names, then one of each kind. */
export function otherEvents(event: PipelineEvent, on: TriggersModel): readonly OtherEvent[] {
  const main = event.default_branch ?? "main";
  // Only pull requests come from forks.
  const plain: PipelineEvent = { ...event, pull_request: null, deleted: false, trust: "trusted" };
  const own = event.trust === "fork" ? " from a branch of this repository" : "";
  const branches = new Set([main, ...namesFor(on.push?.branches ?? null)]);
  const tags = new Set([...namesFor(on.push?.tags ?? null), "v1.0.0"]);
  const action = on.pullRequest?.types?.[0]?.value ?? "opened";
  const target =
    event.pull_request?.target_ref ?? `refs/heads/${namesFor(on.pullRequest?.targets ?? null)[0] ?? main}`;
  const others: readonly OtherEvent[] = [
    ...Array.from(branches, (name) => ({
      words: `it were a push to the branch ${named(name)}`,
      event: { ...plain, kind: "push" as const, ref: `refs/heads/${name}` },
    })),
    {
      words: `it were a pull request (${named(action)}) into ${named(target.replace(/^refs\/heads\//, ""))}${own}`,
      event: pullRequest(plain, action, target),
    },
    ...Array.from(tags, (name) => ({
      words: `it were a push of the tag ${named(name)}`,
      event: { ...plain, kind: "push" as const, ref: `refs/tags/${name}` },
    })),
    { words: "a person started it", event: { ...plain, kind: "manual" } },
    { words: "a schedule started it", event: { ...plain, kind: "schedule", ref: `refs/heads/${main}` } },
    { words: "it were started by API", event: { ...plain, kind: "api" } },
  ];
  return others.filter(
    (other) => other.event.kind !== event.kind || other.event.ref !== event.ref || event.deleted,
  );
}

function pullRequest(event: PipelineEvent, action: string, target: string): PipelineEvent {
  const source =
    event.ref.startsWith("refs/heads/") && event.ref !== target ? event.ref : "refs/heads/change";
  const facts = {
    number: 1,
    action,
    target_ref: target,
    target_sha: event.before ?? event.head,
    source_ref: source,
    from_fork: false,
    draft: false,
  };
  return { ...event, kind: "pull_request", ref: source, pull_request: facts };
}

/** One plain name for each glob; one whose name cannot be guessed is left out. */
function namesFor(list: GlobList | null): readonly string[] {
  return (list?.globs ?? [])
    .map(({ value }) => value.replace(/\*+/g, "1"))
    .filter((name) => /^[\w.-]+(?:\/[\w.-]+)*$/.test(name));
}
