-- The newest green run of a ref, asked for by every plan.
create index runs_green on delta.runs (repository_id, (event->>'ref'), number desc)
  where state = 'succeeded' and event->>'kind' = 'push';
