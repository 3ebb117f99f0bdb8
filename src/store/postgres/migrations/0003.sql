-- 0003 · counts without rows: the indexes of lists carry the state, so that what is counted by state is read from them alone; of what did not complete each
-- state is a range of its own, so that one terminated run in a hundred thousand is found at once. Runs that close wait meanwhile, some 10 s for each million
-- that are closed: on a large database take a quiet hour for it, with `mainspring migrate`.
drop index run_closed_created;
create index run_closed_created on run_closed(namespace, created_at, id) include (state) where kind <> 'schedule';
drop index run_closed_name;
create index run_closed_name on run_closed(namespace, name, created_at, id) include (state) where kind <> 'schedule';
drop index run_closed_unsuccessful;
create index run_closed_unsuccessful on run_closed(namespace, state, created_at, id) where state <> 'completed' and kind <> 'schedule';

-- An index is enough only for pages that a vacuum has seen, and by itself one comes when a fifth is new: of ten million runs the newest two million, which are
-- those that anybody counts.
alter table run_closed set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
