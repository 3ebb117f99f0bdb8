-- 0005 · ready runs in a table of their own, so that what is ready no more can be taken out later, and together (ready.ts). Every open row with a gate has
-- its entry, whoever writes it: the triggers see to that. Online: filled in the order of the index that it replaces, 1 s for a million ready runs.

create table run_ready(
  gate integer not null,
  sort real not null,
  id text not null,
  primary key (gate, sort, id)
) without rowid;
insert into run_ready(gate, sort, id) select gate, sort, id from run_open where gate is not null order by gate, sort, id;
drop index run_open_ready;

create trigger run_ready_born after insert on run_open when new.gate is not null
begin
  insert or ignore into run_ready(gate, sort, id) values (new.gate, new.sort, new.id);
end;
create trigger run_ready_again after update of gate, sort on run_open when new.gate is not null and (new.gate is not old.gate or new.sort is not old.sort)
begin
  insert or ignore into run_ready(gate, sort, id) values (new.gate, new.sort, new.id);
end;
