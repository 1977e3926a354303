-- When the backend is to be asked for a runner, or asked again; whoever asks puts it off first.
alter table delta.attempts add column dispatch_at timestamptz;
create index attempts_to_dispatch on delta.attempts (dispatch_at) where state = 'dispatched' and backend_ref is null;
create index attempts_queued on delta.attempts (run_id) where state = 'queued';
-- Attempts that live are few among those that ever were.
create index attempts_live on delta.attempts (id) where finalized_at is null;
