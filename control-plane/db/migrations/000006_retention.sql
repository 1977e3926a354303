-- The body of an old delivery is removed; its key and digest stay, so that a repeat is still known.
alter table delta.deliveries alter column body drop not null;
create index deliveries_with_body on delta.deliveries (received_at) where body is not null;

-- When what only a live attempt needs was removed.
alter table delta.attempts add column tidied_at timestamptz;
create index attempts_to_tidy on delta.attempts (finalized_at) where finalized_at is not null and tidied_at is null;

-- When the commits that the mirror keeps were last looked through.
alter table delta.repositories add column pins_checked_at timestamptz;
