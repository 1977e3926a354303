-- The newest run of a ref is looked for by every run that makes way for it.
create index runs_of_ref on delta.runs (repository_id, (event->>'ref'), number desc);
