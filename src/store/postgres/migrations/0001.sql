-- 0001 · the first schema.
-- Times are milliseconds since the epoch. Ids are text (core/ids.ts), compared byte by byte. What people or programs may write anything into is UTF-8 in bytea:
-- PostgreSQL's text cannot hold NUL. `part` is the high byte of the slot in an id: a shard is a range of parts.
-- Tables through which much goes keep their pages when they are emptied: to give them back takes a lock that stops everybody.
-- run_closed is not partitioned yet: a birth and a load look for an id, which no index finds over partitions by day.

-- Whoever claims or releases takes this row first: of what is decided about shards, each step sees all before it.
create table cluster(
  one boolean primary key default true check (one),
  claims bigint not null,
  claimant text collate "C" -- the lane of the last claim, if that claim opened it
) with (fillfactor = 50);
insert into cluster(claims) values (0);

-- One row for each life of a lane. It changes only when the claim is revoked; batches hold it by a share lock (E1). `incarnation`: of the store, when it
-- was claimed; in another the claim does not stand (E2). A revoked claim keeps its row, so that a late repeat does not bring it back.
create table lane_claim(
  lane text collate "C" primary key,
  claim text collate "C" not null unique,
  node text collate "C" not null,
  node_name text not null,
  address text,
  stands boolean not null,
  incarnation text not null,
  ordinal bigint not null generated always as identity
) with (fillfactor = 50);

-- The last two links of a lane's chain of batches (E1). Rows that come and go, not one that is updated: beside a snapshot that somebody holds, each commit
-- would have to pass all versions of that row since (measured: 50 µs more for every 1,000 commits).
create table lane_link(
  lane text collate "C" not null,
  sequence bigint not null,
  batch text collate "C" not null,
  primary key (lane, sequence)
) with (vacuum_truncate = false);

-- A row of its own, so that a renewal waits for no batch. `stands` as in lane_claim: a renewal and a revocation that meet are one after the other (E16, E20).
create table lane_renewal(
  lane text collate "C" primary key,
  claim text collate "C" not null,
  stands boolean not null,
  renewals bigint not null,
  version bigint not null
) with (fillfactor = 50);

-- Held by a lane as long as its claim stands.
create table shard(
  shard smallint primary key,
  lane text collate "C"
) with (fillfactor = 50);
insert into shard(shard) select generate_series(0, 63);

create table run_open(
  id text collate "C" primary key,
  part smallint not null,
  namespace text collate "C" not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  queue text collate "C" not null,
  state text collate "C" not null,
  gate bigint, -- group and sort key while a task is ready to be handed out
  sort double precision,
  wake_at bigint,
  delivered boolean not null,
  created_at bigint not null,
  started_at bigint,
  tags text, -- JSON object; see run_tag
  input bytea,
  body bytea not null
) with (
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000
);
create index run_open_ready on run_open(gate, sort, id, part) where gate is not null;
create index run_open_due on run_open(wake_at, id, part) where wake_at is not null;
create index run_open_delivered on run_open(id, part) where delivered;
create index run_open_created on run_open(namespace, created_at, id) where kind <> 'schedule';
create index run_open_schedule on run_open(namespace, name) where kind = 'schedule';

create table run_closed(
  id text collate "C" primary key,
  part smallint not null,
  namespace text collate "C" not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  queue text collate "C" not null,
  state text collate "C" not null,
  created_at bigint not null,
  started_at bigint,
  closed_at bigint not null,
  purge_at bigint not null,
  tags text,
  input bytea,
  output bytea,
  body bytea not null
);
create index run_closed_created on run_closed(namespace, created_at, id) where kind <> 'schedule';
create index run_closed_name on run_closed(namespace, name, created_at, id) where kind <> 'schedule';
create index run_closed_unsuccessful on run_closed(namespace, created_at, id) where state <> 'completed' and kind <> 'schedule';
create index run_closed_state on run_closed(namespace, closed_at, state) where kind <> 'schedule';
create index run_closed_purge on run_closed(purge_at, part);

-- Tags of open and closed runs: written at birth, gone with the closed run.
create table run_tag(
  id text collate "C" not null,
  namespace text collate "C" not null,
  name bytea not null,
  value bytea not null,
  created_at bigint not null,
  primary key (namespace, name, value, created_at, id)
);
create index run_tag_id on run_tag(id);

create table run_key(
  namespace text collate "C" not null,
  scope text collate "C" not null,
  definition text collate "C" not null,
  key bytea not null,
  run text collate "C" not null,
  part smallint not null, -- of the run
  input_hash text collate "C" not null,
  expires_at bigint,
  primary key (namespace, scope, definition, key)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
create index run_key_expires on run_key(expires_at, part) where expires_at is not null;

create table run_segment(
  run text collate "C" not null,
  first bigint not null,
  events bytea not null,
  primary key (run, first)
);

create table run_log(
  run text collate "C" not null,
  delivery text collate "C" not null,
  n bigint not null,
  at bigint not null,
  attempt bigint not null,
  level text collate "C" not null,
  message bytea not null,
  fields bytea,
  primary key (run, delivery, n)
);
create index run_log_at on run_log(run, at, delivery, n);

create table definition(
  namespace text collate "C" not null,
  name text collate "C" not null,
  version text collate "C" not null,
  kind text collate "C" not null,
  options bytea not null,
  schema bytea,
  registered_at bigint not null,
  ordinal bigint not null generated always as identity,
  primary key (namespace, name, version)
);

create table setting(
  namespace text collate "C" not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  value bytea not null,
  changed_at bigint not null,
  primary key (namespace, kind, name)
);

-- Counts up with each batch that writes definitions or settings (E21).
create table settings_version(
  one boolean primary key default true check (one),
  version bigint not null
) with (fillfactor = 50);
insert into settings_version(version) values (0);

create table ledger(
  schedule text collate "C" not null,
  n bigint not null,
  source text collate "C" not null,
  at bigint not null, -- the first nominal time of a stretch, and the last
  until bigint not null,
  count bigint not null,
  account text collate "C" not null,
  run text collate "C",
  late_ms bigint,
  why bytea,
  note bytea,
  accounted_at bigint not null,
  primary key (schedule, n)
);
create index ledger_until on ledger(schedule, until);

create table rate(
  namespace text collate "C" not null,
  limit_name text collate "C" not null,
  key bytea not null,
  part smallint not null,
  spent bytea not null,
  primary key (namespace, limit_name, key)
) with (fillfactor = 50);

-- What holds of limited resources (E17), and mail between lanes (E7): both stay small, whatever goes through them.
create table hold(
  id text collate "C" primary key,
  part smallint not null, -- of the resource
  namespace text collate "C" not null,
  limit_name text collate "C" not null,
  key bytea not null,
  run text collate "C" not null,
  weight double precision not null,
  since bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);

create table mail(
  from_part smallint not null,
  n bigint not null,
  to_part smallint not null,
  id text collate "C" not null,
  body bytea not null,
  primary key (from_part, n, to_part)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
