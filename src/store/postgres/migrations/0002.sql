-- 0002 · when runs closed, by ranges of pages. Half of what the database spends on a job are entries of indexes, eight of them; the table is written in the
-- order in which runs close, so one entry for 1,024 pages says as much as one a run. Who is asked is the newest: ranges that no vacuum has summed up yet are
-- read whole, and are just those. Runs that close wait while it is made, about a second for each million that are closed. Nodes of the version before go on;
-- Home and its minutes are slow on them.
drop index run_closed_state;
create index run_closed_at on run_closed using brin(closed_at) with (pages_per_range = 1024, autosummarize = on);
