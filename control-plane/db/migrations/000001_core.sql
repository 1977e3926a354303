-- All state of Delta CI. States and reasons are the closed lists of schemas/states.ts and
-- schemas/reasons.ts; a test compares the CHECK constraints below with them.
-- SQL here is valid for Postgres 15 to 18.

create domain delta.reason as text check (value in (
  'ok', 'step_failed', 'step_timeout', 'attempt_timeout', 'queue_timeout', 'oom', 'signaled',
  'command_not_found', 'checkout_failed', 'image_pull', 'dispatch_failed', 'runner_start_timeout',
  'runner_lost', 'runner_error', 'poison', 'canceled_by_user', 'canceled_superseded', 'canceled_run',
  'cancel_unconfirmed', 'run_timeout', 'need_failed', 'need_skipped', 'not_selected', 'pipeline_invalid',
  'pipeline_missing', 'commit_unreachable', 'source_unavailable', 'required_job_failed', 'internal_error'));

create table delta.repositories (
  id uuid primary key,
  forge text not null check (forge in ('github', 'local')),
  forge_id text not null,
  full_name text not null,
  clone_url text not null,
  default_branch text not null,
  installation_id text,
  run_count bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  unique (forge, forge_id)
);

-- One row per delivery key for ever: the unique key is what makes a repeated webhook harmless.
create table delta.deliveries (
  id uuid primary key,
  forge text not null,
  delivery_key text not null,
  event_name text not null,
  body bytea not null,
  body_sha256 bytea not null,
  state text not null default 'received' check (state in ('received', 'accepted', 'ignored', 'refused')),
  note text,
  repository_id uuid references delta.repositories,
  received_at timestamptz not null default clock_timestamp(),
  unique (forge, delivery_key)
);

create table delta.plans (
  digest text primary key check (digest ~ '^sha256:[0-9a-f]{64}$'),
  canonical text not null,
  compiler text not null,
  created_at timestamptz not null default clock_timestamp()
);

create function delta.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% rows never change', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger plans_never_change before update or delete on delta.plans
  for each row execute function delta.refuse_change();

create table delta.runs (
  id uuid primary key,
  repository_id uuid not null references delta.repositories,
  delivery_id uuid unique references delta.deliveries,
  number bigint not null,
  event jsonb not null,
  head_sha text not null,
  base_sha text,
  -- What a local run was asked for beyond its event; null for deliveries.
  request jsonb,
  state text not null default 'created' check (state in ('created', 'planning', 'queued', 'running',
    'cancel_requested', 'plan_failed', 'succeeded', 'failed', 'canceled', 'timed_out')),
  reason delta.reason,
  reason_detail text,
  plan_digest text references delta.plans,
  diagnostics jsonb not null default '[]',
  rerun_of uuid references delta.runs,
  -- Raised by every change a check or a viewer could show.
  version bigint not null default 1,
  planning_attempts int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  planned_at timestamptz,
  started_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_reason delta.reason,
  deadline_at timestamptz,
  -- When to look at this row again even if nothing else does; every live run has one.
  wake_at timestamptz default clock_timestamp(),
  -- When to tell the forge again even if the wake-up for it was lost; null when it knows all there is.
  report_at timestamptz default clock_timestamp(),
  finalized_at timestamptz,
  unique (repository_id, number),
  check ((state in ('plan_failed', 'succeeded', 'failed', 'canceled', 'timed_out')) = (finalized_at is not null)),
  check ((finalized_at is null) = (wake_at is not null)),
  check (finalized_at is null or reason is not null)
);
create index runs_due on delta.runs (wake_at) where wake_at is not null;
create index runs_to_report on delta.runs (report_at) where report_at is not null;
create index runs_newest on delta.runs (id desc);

create table delta.jobs (
  id uuid primary key,
  run_id uuid not null references delta.runs,
  key text not null,
  position int not null,
  required boolean not null,
  state text not null default 'waiting' check (state in ('waiting', 'active', 'succeeded', 'failed',
    'canceled', 'timed_out', 'skipped', 'blocked')),
  reason delta.reason,
  reason_detail text,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finalized_at timestamptz,
  unique (run_id, key),
  check ((state in ('waiting', 'active')) = (finalized_at is null)),
  check (finalized_at is null or reason is not null)
);

create table delta.attempts (
  id uuid primary key,
  run_id uuid not null references delta.runs,
  job_id uuid not null references delta.jobs,
  number int not null check (number between 1 and 10),
  state text not null default 'created' check (state in ('created', 'queued', 'dispatched', 'leased', 'starting',
    'running', 'uploading', 'cancel_requested', 'succeeded', 'failed', 'canceled', 'timed_out', 'lost')),
  reason delta.reason,
  reason_detail text,
  exit_code int check (exit_code between 0 and 255),
  pool text not null,
  priority int not null default 0,
  -- Epoch of the newest lease; 0 before the first claim.
  epoch bigint not null default 0,
  -- SHA-256 of the token that the dispatched runner claims with; null until it is dispatched.
  claim_token_hash bytea,
  backend_ref text,
  -- Why it waits, in the words users read.
  pending text,
  -- The last word of the backend about it; a hint for people, never the ground of a decision.
  observed text,
  dispatch_tries int not null default 0,
  -- The backend must still be told to stop it: true from the moment it is fenced until it is seen to be gone.
  stop_wanted boolean not null default false,
  stop_tries int not null default 0,
  steps jsonb not null default '[]',
  cancel_receipt text,
  -- Not dispatched before this; the delay of a retry.
  not_before timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  queued_at timestamptz,
  dispatched_at timestamptz,
  leased_at timestamptz,
  started_at timestamptz,
  queue_deadline_at timestamptz,
  claim_deadline_at timestamptz,
  deadline_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_reason delta.reason,
  cancel_deadline_at timestamptz,
  -- When to look at this row again even if nothing else does.
  wake_at timestamptz default clock_timestamp(),
  finalized_at timestamptz,
  unique (job_id, number),
  check ((state in ('succeeded', 'failed', 'canceled', 'timed_out', 'lost')) = (finalized_at is not null)),
  check (finalized_at is not null or wake_at is not null),
  check (finalized_at is null or reason is not null)
);
create index attempts_due on delta.attempts (wake_at) where wake_at is not null;
create index attempts_of_run on delta.attempts (run_id);
-- The second attempt of a job starts only after the first has ended.
create unique index attempts_one_live on delta.attempts (job_id) where finalized_at is null;

-- Rows that ended never change in what they ended as.
create function delta.refuse_change_after_end() returns trigger language plpgsql as $$
begin
  if old.finalized_at is not null and (new.state, new.reason, new.finalized_at) is distinct from
     (old.state, old.reason, old.finalized_at) then
    raise exception '% % has ended as % and cannot become %', tg_table_name, old.id, old.state, new.state
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger runs_end_once before update on delta.runs
  for each row execute function delta.refuse_change_after_end();
create trigger jobs_end_once before update on delta.jobs
  for each row execute function delta.refuse_change_after_end();
create trigger attempts_end_once before update on delta.attempts
  for each row execute function delta.refuse_change_after_end();

create sequence delta.lease_epochs;

create table delta.leases (
  id uuid primary key,
  attempt_id uuid not null references delta.attempts,
  epoch bigint not null unique default nextval('delta.lease_epochs'),
  token_hash bytea not null,
  boot_nonce text not null,
  -- Who holds it, for people: host and runner version, or the allocation.
  holder text not null,
  state text not null default 'granted' check (state in ('granted', 'active', 'completed', 'expired', 'revoked', 'canceled')),
  granted_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  check ((state in ('granted', 'active')) = (ended_at is null))
);
create unique index leases_one_live on delta.leases (attempt_id) where state in ('granted', 'active');
create index leases_due on delta.leases (expires_at) where state in ('granted', 'active');

-- When any control plane last swept. A longer gap than outage_ms is an outage of ours, and nobody loses a lease for that.
create table delta.last_sweep (
  one_row boolean primary key default true check (one_row),
  swept_at timestamptz not null default '-infinity',
  outage_ms int not null default 5000
);
insert into delta.last_sweep default values;

-- Whether a lease still holds: by the database's clock alone, and always while no control plane sweeps.
create function delta.lease_holds(expires_at timestamptz) returns boolean language sql volatile as $$
  select expires_at > clock_timestamp() or exists (
    select from delta.last_sweep where swept_at < clock_timestamp() - outage_ms * interval '1 millisecond')
$$;

-- The stored answer to a runner's message: a repeat gets it again and changes nothing.
create table delta.runner_messages (
  lease_id uuid not null references delta.leases,
  type text not null,
  seq bigint not null,
  body_sha256 bytea not null,
  status int not null,
  -- As text, so that a repeat gets the very same bytes.
  reply json not null,
  primary key (lease_id, type, seq)
);

create table delta.log_streams (
  attempt_id uuid not null references delta.attempts,
  stream int not null check (stream between 0 and 200),
  acked bigint not null default 0,
  closed boolean not null default false,
  truncated boolean not null default false,
  sha256 text,
  primary key (attempt_id, stream)
);

create table delta.log_chunks (
  attempt_id uuid not null,
  stream int not null,
  start_offset bigint not null,
  length int not null check (length > 0),
  sha256 bytea not null,
  blob_key text not null,
  primary key (attempt_id, stream, start_offset),
  foreign key (attempt_id, stream) references delta.log_streams
);

-- Every state change, once, in the transaction that made it; `seq` is gapless per entity.
create table delta.audit_events (
  id bigint generated always as identity primary key,
  entity text not null check (entity in ('run', 'job', 'attempt', 'lease')),
  entity_id uuid not null,
  seq int not null,
  from_state text,
  to_state text not null,
  actor text not null,
  cause text not null,
  epoch bigint,
  at timestamptz not null default clock_timestamp(),
  unique (entity, entity_id, seq)
);
create trigger audit_events_never_change before update or delete on delta.audit_events
  for each row execute function delta.refuse_change();

-- What the forge should show against what it was last told. job_id null is the run's own check.
create table delta.checks (
  id uuid primary key,
  run_id uuid not null references delta.runs,
  job_id uuid references delta.jobs,
  name text not null,
  forge_check_id text,
  -- Version of the run last told to the forge; behind runs.version means there is work.
  reported_version bigint not null default 0,
  reported_sha256 text,
  tries int not null default 0,
  last_error text,
  -- Given up after the forge refused it for good.
  abandoned boolean not null default false,
  -- On the row of the run alone: until then one control plane reports this run, and others leave it alone.
  busy_until timestamptz,
  unique nulls not distinct (run_id, job_id)
);
