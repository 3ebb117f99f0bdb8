-- 0006 · kinds of actors that nodes of the version before do not know: one that starts later is refused here; those that run go on, and once none of them is there
-- the rows of shards become those of form 3 (E11). No table changes.
select 1;
