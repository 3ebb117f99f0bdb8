-- 0004 · the port for several lanes. Online: nullable or constant columns, and new tables. Lanes of the version before have no address.

alter table lane add column address text;
alter table lane add column version integer not null default 0; -- of the settings that it goes by

-- Counts up with each batch that writes settings or definitions (E21).
create table settings_version(
  one integer primary key check (one = 1),
  version integer not null
);
insert into settings_version(one, version) values (1, 0);

-- What holds of limited resources (E17), and mail (E7).
create table hold(
  id text primary key,
  part integer not null,
  namespace text not null,
  limit_name text not null,
  key text not null,
  run text not null,
  weight real not null,
  since integer not null
) without rowid;

create table mail(
  from_part integer not null,
  n integer not null,
  to_part integer not null,
  id text not null,
  body text not null,
  primary key (from_part, n, to_part)
) without rowid;
