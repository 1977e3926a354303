-- What an attempt shares with others beyond its pool, copied from its plan so that one statement finds it.
alter table delta.attempts add column concurrency_group text;
-- The job of a matrix that bounds how many of its cells run at once; null without such a bound.
alter table delta.attempts add column cells_of text;
-- What took its place, for people; told when it ends.
alter table delta.attempts add column cancel_detail text;
create index attempts_in_group on delta.attempts (concurrency_group)
  where finalized_at is null and concurrency_group is not null;

alter table delta.runs add column concurrency_group text;
-- Since when it holds its place in its group; it keeps the place until it ends.
alter table delta.runs add column concurrency_held_at timestamptz;
-- Newer runs of its ref take its place.
alter table delta.runs add column yields boolean not null default false;
-- A limit of its own may hold its attempts back, so that they must not stand in the way of other runs'.
alter table delta.runs add column queues_apart boolean not null default false;
alter table delta.runs add column cancel_detail text;
create index runs_in_group on delta.runs (repository_id)
  where finalized_at is null and (concurrency_group is not null or yields);
