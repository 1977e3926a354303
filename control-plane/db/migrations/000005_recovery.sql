-- How far the deliveries that a forge tried to make were compared with those that came.
create table delta.delivery_checks (
  forge text primary key,
  -- Everything that the forge tried before has come, was asked for again, or was given up.
  checked_until timestamptz not null,
  -- One control plane compares at a time; the next may from then on.
  next_at timestamptz not null
);
-- The same event under another key, and the runs that still need a commit, are looked for by commit.
create index runs_of_commit on delta.runs (repository_id, head_sha);
