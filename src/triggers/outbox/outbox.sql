-- The outbox of Mainspring: starts of runs as a part of your own transaction (docs/outbox.md).
-- Everything is made in the first schema of the search path. It may be applied again: what is there stays.

create table if not exists mainspring_outbox (
  n          bigint generated always as identity primary key,
  id         uuid not null,           -- the call key of the start: however often a row is taken over, it starts one run
  definition text not null,
  input      text,                    -- JSON as it was given; null: none
  options    jsonb not null,
  order_key  text,
  created_at timestamptz not null,
  refused_at timestamptz,             -- set aside at this time, for this problem
  again_at   timestamptz,             -- when a row that was set aside is tried again; null: only when somebody sets it
  problem    jsonb
);

create index if not exists mainspring_outbox_waiting on mainspring_outbox (n) where refused_at is null;
create index if not exists mainspring_outbox_aside on mainspring_outbox (again_at) where refused_at is not null;
create index if not exists mainspring_outbox_blocked on mainspring_outbox (order_key, n) where refused_at is not null and order_key is not null;

-- Starts a run of this definition once the transaction has committed. Nobody is notified of it: a NOTIFY would make all commits of this database that have
-- one wait for each other.
create or replace function mainspring_start(definition text, input jsonb default null, options jsonb default '{}') returns uuid
language plpgsql set search_path from current as $$
begin
  return mainspring_start_json(definition, input::text, options::text);
end $$;

-- The same with JSON as text, which is kept byte for byte, and with an id (a UUID of version 7) of the caller's.
create or replace function mainspring_start_json(definition text, input text, options text default '{}', id uuid default null) returns uuid
language plpgsql set search_path from current as $$
declare
  bytes_max constant int := 1024 * 1024;
  known constant text[] := array['order', 'key', 'keyRetention', 'unique', 'queue', 'priority', 'delay', 'at', 'retry', 'timeout', 'expires',
    'exhausted', 'retention', 'labels', 'tags', 'metadata', 'traceparent'];
  said constant jsonb := coalesce(options, '{}')::jsonb;
  unknown text;
  row_id uuid := id;
begin
  if definition is null or definition !~ '^[^[:cntrl:]]{1,200}$' then
    raise exception 'mainspring_start: definition: found %, expected the name of a job, of 1 to 200 characters.', coalesce(quote_literal(definition), 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  if octet_length(input) > bytes_max or octet_length(options) > bytes_max then
    raise exception 'mainspring_start: input and options have at most % bytes each; found % and %.', bytes_max, coalesce(octet_length(input), 0), octet_length(options)
      using errcode = 'invalid_parameter_value', hint = 'Keep large data in a table of yours and pass its key.';
  end if;
  perform input::json;
  if jsonb_typeof(said) <> 'object' then
    raise exception 'mainspring_start: options: found %, expected an object such as {"queue": "mail"}.', left(said::text, 100)
      using errcode = 'invalid_parameter_value';
  end if;
  select string_agg(quote_literal(name), ', ') into unknown from jsonb_object_keys(said) name where name <> all (known);
  if unknown is not null then
    raise exception 'mainspring_start: options: there is no %.', unknown
      using errcode = 'invalid_parameter_value', hint = 'There are ' || array_to_string(known, ', ') || '.';
  end if;
  if said ? 'order' and (jsonb_typeof(said -> 'order') <> 'string' or said ->> 'order' !~ '^[^[:cntrl:]]{1,200}$') then
    raise exception 'mainspring_start: options: order: found %, expected a text of 1 to 200 characters, such as "customer-17".', left((said -> 'order')::text, 100)
      using errcode = 'invalid_parameter_value';
  end if;
  if row_id is null then
    row_id := (lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' ||
      substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;
  end if;
  insert into mainspring_outbox (id, definition, input, options, order_key, created_at)
    values (row_id, definition, input, said - 'order', said ->> 'order', clock_timestamp());
  return row_id;
end $$;
