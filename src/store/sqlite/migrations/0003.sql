-- 0003 · what is spent of rates (E18). Online: a new table. `spent` is JSON text that only the engine reads.

create table rate(
  namespace text not null,
  limit_name text not null,
  key text not null,
  spent text not null,
  primary key (namespace, limit_name, key)
) without rowid;
