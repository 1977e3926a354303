-- All that was allowed still is, so no row is looked at.
alter domain delta.reason drop constraint reason_check;
alter domain delta.reason add constraint reason_check check (value in (
  'ok', 'step_failed', 'step_timeout', 'attempt_timeout', 'no_output_timeout', 'outputs_invalid', 'queue_timeout',
  'oom', 'signaled', 'command_not_found', 'checkout_failed', 'artifact_missing', 'artifact_refused',
  'artifact_failed', 'image_pull', 'dispatch_failed', 'runner_start_timeout', 'runner_lost', 'runner_error',
  'poison', 'canceled_by_user', 'canceled_superseded', 'canceled_run', 'cancel_unconfirmed', 'run_timeout',
  'need_failed', 'need_skipped', 'withheld_from_fork', 'not_selected', 'pipeline_invalid', 'pipeline_missing',
  'commit_unreachable', 'commit_unreadable', 'source_unavailable', 'required_job_failed', 'internal_error'))
  not valid;

-- What an attempt may leave behind, written when it is claimed. It can be read once it is closed, and then
-- never changes; `removed_at` is when its bytes were given up.
create table delta.artifacts (
  attempt_id uuid not null references delta.attempts,
  name text not null,
  position int not null check (position between 0 and 49),
  type text not null check (type in ('file', 'junit', 'coverage', 'sarif')),
  expire_ms bigint,
  acked bigint not null default 0,
  sha256 text,
  files int,
  unpacked_bytes bigint,
  closed_at timestamptz,
  expires_at timestamptz,
  removed_at timestamptz,
  primary key (attempt_id, name),
  check ((closed_at is null) = (sha256 is null)),
  check ((closed_at is null) = (expires_at is null))
);
create index artifacts_to_remove on delta.artifacts (expires_at) where removed_at is null and closed_at is not null;

create table delta.artifact_chunks (
  attempt_id uuid not null,
  name text not null,
  start_offset bigint not null,
  length int not null check (length > 0),
  sha256 bytea not null,
  blob_key text not null,
  primary key (attempt_id, name, start_offset),
  foreign key (attempt_id, name) references delta.artifacts
);
