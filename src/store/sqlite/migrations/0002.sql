-- 0002 · schedules and their ledgers. Online: new tables and indexes; the index of lists is made again without schedules, which are no runs.

create table ledger(
  schedule text not null,
  n integer not null,
  source text not null,
  at integer not null, -- the first nominal time of a stretch, and the last
  until integer not null,
  count integer not null,
  account text not null,
  run text,
  late_ms integer,
  why text,
  note text,
  accounted_at integer not null,
  primary key (schedule, n)
) without rowid;
create index ledger_until on ledger(schedule, until);

create index run_open_schedule on run_open(namespace, name) where kind = 'schedule';
drop index run_open_created;
create index run_open_created on run_open(namespace, created_at, id) where kind <> 'schedule';
