import type { PullRequestFacts } from "../../../schemas/event.ts";

/** A request of the repository's own, from `change` to `main`. */
export const PULL_REQUEST: PullRequestFacts = {
  number: 7,
  action: "opened",
  target_ref: "refs/heads/main",
  target_sha: "4".repeat(40),
  source_ref: "refs/heads/change",
  from_fork: false,
  draft: false,
};
