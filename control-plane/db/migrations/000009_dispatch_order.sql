-- In the order in which they are taken. When one is due is not part of it, so that to put it off leaves every index alone.
drop index delta.attempts_to_dispatch;
create index attempts_to_dispatch on delta.attempts (priority desc, id) where state = 'dispatched' and backend_ref is null;
-- Room on its page for a row that is put off, which then is found where it was.
alter table delta.attempts set (fillfactor = 70);
