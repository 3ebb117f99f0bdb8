-- 0007 · kinds of actors that the version before does not know (E11): it is refused from here on. No table changes.
select 1;
