/**
 * Why something ended, as a closed list. Append only: a reason never changes its meaning, and
 * every one has an entry in docs/reasons.md.
 *
 * blame says whose turn it is: `user` (the pipeline or the code), `infra` (a backend, a machine,
 * a lost runner: retried on its own), `people` (somebody decided), `none` (nothing went wrong).
 */
export type Blame = "user" | "infra" | "people" | "none";

export const REASONS = {
  ok: { blame: "none", title: "every step ended with exit code 0" },
  step_failed: { blame: "user", title: "a step ended with a non-zero exit code" },
  step_timeout: { blame: "user", title: "a step ran past its own timeout" },
  attempt_timeout: { blame: "user", title: "the attempt ran past the job's timeout" },
  no_output_timeout: { blame: "user", title: "the steps wrote nothing for longer than the job allows" },
  outputs_invalid: { blame: "user", title: "what a step wrote to the file of outputs cannot be read" },
  queue_timeout: { blame: "infra", title: "no runner started within the job's queue timeout" },
  oom: { blame: "user", title: "the job used more memory than it was given" },
  signaled: { blame: "user", title: "a step was ended by a signal nobody here sent" },
  command_not_found: { blame: "user", title: "the shell or the working directory of a step does not exist" },
  checkout_failed: { blame: "infra", title: "the sources could not be fetched from the control plane" },
  artifact_missing: { blame: "user", title: "no file matched an artifact that is required" },
  artifact_refused: {
    blame: "user",
    title: "the files of an artifact are too many, too large or of a wrong kind",
  },
  artifact_failed: { blame: "infra", title: "an artifact could not be stored or fetched" },
  image_pull: { blame: "infra", title: "the job's image could not be fetched" },
  dispatch_failed: { blame: "infra", title: "the backend refused to start a runner" },
  runner_start_timeout: { blame: "infra", title: "a runner was asked for but never claimed the attempt" },
  runner_lost: { blame: "infra", title: "the runner stopped renewing its lease" },
  runner_error: { blame: "infra", title: "the runner itself failed before the job could end" },
  poison: { blame: "infra", title: "three attempts in a row were lost; the job is not tried again" },
  canceled_by_user: { blame: "people", title: "a person or an API client asked for it" },
  canceled_superseded: { blame: "people", title: "a newer run took its place" },
  canceled_run: { blame: "people", title: "its run was canceled" },
  cancel_unconfirmed: { blame: "people", title: "canceled; nothing confirmed the stop by its deadline" },
  run_timeout: { blame: "user", title: "the run passed its longest allowed time" },
  need_failed: { blame: "user", title: "a job it needs did not succeed" },
  need_skipped: { blame: "user", title: "a job it needs was skipped and the edge does not accept that" },
  withheld_from_fork: { blame: "user", title: "it asks for what runs from forks never get" },
  not_selected: { blame: "none", title: "the plan decided that this change does not need it" },
  pipeline_invalid: { blame: "user", title: "the pipeline has errors" },
  pipeline_missing: { blame: "user", title: "the commit has no pipeline file" },
  commit_unreachable: { blame: "infra", title: "the commit is not in the repository the event names" },
  commit_unreadable: { blame: "user", title: "the commit is damaged, or larger than what is read" },
  source_unavailable: { blame: "infra", title: "the repository could not be fetched from its forge" },
  required_job_failed: { blame: "user", title: "a required job did not succeed" },
  internal_error: { blame: "infra", title: "Delta CI itself failed; the log has the details" },
} as const satisfies Record<string, { blame: Blame; title: string }>;

export type Reason = keyof typeof REASONS;
