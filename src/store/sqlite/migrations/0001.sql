-- 0001 · the first schema.
-- Times are milliseconds since the epoch. Ids are text (core/ids.ts), payloads and bodies UTF-8 bytes: they pass through without being decoded.
-- One process owns the whole database (lock.ts), so no index begins with the part of an id. A partial index is used only by queries that repeat its condition.

create table schema_version(
  version integer primary key,
  applied_at integer not null
);

-- One row for each life of a node: its claim, and the last link of its chain of batches (E1). A claim that no longer stands keeps its row, so that a late
-- repeat of the claim does not bring it back. `holds`: all shards or none, since a database that cannot be shared has one owner.
create table lane(
  lane text primary key,
  claim text not null,
  node text not null,
  node_name text not null,
  renewals integer not null,
  stands integer not null,
  holds integer not null,
  sequence integer not null,
  last_batch text not null,
  settlings integer not null
);

create table run_open(
  id text not null,
  namespace text not null,
  kind text not null,
  name text not null,
  queue text not null,
  state text not null,
  gate integer, -- group and sort key while a task is ready to be handed out
  sort real,
  wake_at integer,
  delivered integer not null,
  created_at integer not null,
  started_at integer,
  tags text, -- JSON object; see run_tag
  input blob,
  body blob not null
);
create unique index run_open_id on run_open(id);
create index run_open_ready on run_open(gate, sort, id) where gate is not null;
create index run_open_due on run_open(wake_at, id) where wake_at is not null;
create index run_open_delivered on run_open(id) where delivered = 1;
create index run_open_created on run_open(namespace, created_at, id);

create table run_closed(
  id text not null,
  namespace text not null,
  kind text not null,
  name text not null,
  queue text not null,
  state text not null,
  created_at integer not null,
  started_at integer,
  closed_at integer not null,
  purge_at integer not null,
  tags text,
  input blob,
  output blob,
  body blob not null
);
create unique index run_closed_id on run_closed(id);
create index run_closed_created on run_closed(namespace, created_at, id);
create index run_closed_name on run_closed(namespace, name, created_at, id);
create index run_closed_unsuccessful on run_closed(namespace, created_at, id) where state <> 'completed';
create index run_closed_state on run_closed(namespace, closed_at, state);
create index run_closed_purge on run_closed(purge_at);

-- Tags of open and closed runs: written at birth, gone with the closed run.
create table run_tag(
  namespace text not null,
  name text not null,
  value text not null,
  created_at integer not null,
  id text not null,
  primary key (namespace, name, value, created_at, id)
) without rowid;

create table run_key(
  namespace text not null,
  scope text not null,
  definition text not null,
  key text not null,
  run text not null,
  input_hash text not null,
  expires_at integer,
  primary key (namespace, scope, definition, key)
) without rowid;
create index run_key_expires on run_key(expires_at) where expires_at is not null;

create table run_segment(
  run text not null,
  first integer not null,
  events blob not null
);
create unique index run_segment_first on run_segment(run, first);

create table run_log(
  run text not null,
  delivery text not null,
  n integer not null,
  at integer not null,
  attempt integer not null,
  level text not null,
  message text not null,
  fields text,
  primary key (run, delivery, n)
) without rowid;
create index run_log_at on run_log(run, at, delivery, n);

create table definition(
  namespace text not null,
  name text not null,
  version text not null,
  kind text not null,
  options text not null,
  schema text,
  registered_at integer not null,
  primary key (namespace, name, version)
);

create table setting(
  namespace text not null,
  kind text not null,
  name text not null,
  value text not null,
  changed_at integer not null,
  primary key (namespace, kind, name)
) without rowid;
