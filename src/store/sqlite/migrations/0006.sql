-- 0006 · streams out of runs: chunks that were written together are a row. Online: a new table.
create table run_stream(
  run text not null,
  stream text not null,
  last integer not null,
  count integer not null,
  at integer not null,
  step text,
  attempt integer not null,
  restarted integer not null,
  chunks text not null,
  primary key (run, stream, last)
);
