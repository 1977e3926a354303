import type { PipelineEvent } from "../schemas/event.ts";

/** Other events of the same commit, the likeliest first: what a condition on the event may ask for. */
export function otherEvents(event: PipelineEvent): PipelineEvent[] {
  const branch = event.default_branch ?? "main";
  const plain: PipelineEvent = { ...event, pull_request: null, deleted: false, before: null };
  const target = `refs/heads/${branch}`;
  const source =
    event.ref === target || !event.ref.startsWith("refs/heads/") ? "refs/heads/change" : event.ref;
  const candidates: PipelineEvent[] = [
    { ...plain, kind: "push", ref: target },
    {
      ...plain,
      kind: "pull_request",
      ref: source,
      pull_request: {
        number: 1,
        action: "opened",
        target_ref: target,
        target_sha: event.head,
        source_ref: source,
        from_fork: false,
        draft: false,
      },
    },
    { ...plain, kind: "push", ref: "refs/tags/v1.0.0" },
    { ...plain, kind: "manual" },
    { ...plain, kind: "schedule", ref: target },
    { ...plain, kind: "api" },
  ];
  return candidates.filter(({ kind, ref }) => kind !== event.kind || ref !== event.ref);
}
