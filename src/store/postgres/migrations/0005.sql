-- 0005 · streams out of runs: chunks that were written together are a row. Online: a new table, of which nodes of the version before know nothing.
create table run_stream(
  run text collate "C" not null,
  stream text collate "C" not null,
  last bigint not null,
  count bigint not null,
  at bigint not null,
  step text collate "C",
  attempt bigint not null,
  restarted boolean not null,
  chunks bytea not null,
  primary key (run, stream, last)
);
