-- 0004 · which form of claims a node reads (E11): nodes of the version before leave it null, which reads as 1. Once none of them is there, the rows of shards
-- become those of single parts with somebody's next claim.
alter table lane_claim add column reads smallint;
