-- All that was allowed still is, so no row is looked at.
alter domain delta.reason drop constraint reason_check;
alter domain delta.reason add constraint reason_check check (value in (
  'ok', 'step_failed', 'step_timeout', 'attempt_timeout', 'no_output_timeout', 'outputs_invalid', 'queue_timeout',
  'oom', 'signaled', 'command_not_found', 'checkout_failed', 'image_pull', 'dispatch_failed',
  'runner_start_timeout', 'runner_lost', 'runner_error', 'poison', 'canceled_by_user', 'canceled_superseded',
  'canceled_run', 'cancel_unconfirmed', 'run_timeout', 'need_failed', 'need_skipped', 'withheld_from_fork',
  'not_selected', 'pipeline_invalid', 'pipeline_missing', 'commit_unreachable', 'commit_unreadable',
  'source_unavailable', 'required_job_failed', 'internal_error')) not valid;
