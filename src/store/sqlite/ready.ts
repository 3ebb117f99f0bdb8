import type { DatabaseSync } from 'node:sqlite'
import type { GroupId } from '../../core/gates.ts'
import { LIMIT } from './statements.ts'

/**
 * `run_ready` has an entry for each open row with a gate, and stale ones: an entry counts only while the open row says the same gate and sort key, and
 * whoever reads it looks there.
 *
 * Where there are many groups, each job's entry is in another page, and writing that page again cost more than all else: 12.4 kB a job instead of 2.6. So an
 * entry that becomes stale is only remembered, in a table in memory that commits and rolls back with the batch, and is dropped with others of its group.
 * A crash forgets what was remembered; reading the groups finds it again.
 */
export const COUNTS = 'select 1 from run_open where run_open.id = run_ready.id and run_open.gate = run_ready.gate and run_open.sort = run_ready.sort'

/** Stale entries of a group that are worth the writing of their page. */
const WORTH_A_PAGE = 8
/** Beyond so many in all, any number is: reads pass over them, and each takes 70 bytes of memory. */
const STALE_MAX = 100_000
/** How many a sweep looks at, at least. It looks at two for each one that is new, and so gains on them. */
const SWEPT_MIN = 64

/** Makes the table of stale entries, and has it filled. It is this connection's own: the one that writes. */
export function rememberStale(database: DatabaseSync): void {
  const remember = 'begin insert or ignore into stale(gate, sort, id) values (old.gate, old.sort, old.id); end'
  database.exec(`
    pragma temp_store = memory;
    create temp table if not exists stale(gate integer, sort real, id text, primary key (gate, sort, id)) without rowid;
    create temp trigger if not exists stale_closed after delete on main.run_open when old.gate is not null ${remember};
    create temp trigger if not exists stale_changed after update of gate, sort on main.run_open
      when old.gate is not null and (new.gate is not old.gate or new.sort is not old.sort) ${remember};`)
}

/** What ends a batch: goes on through the groups, and drops what is stale of those where it is worth it. */
export function sweepOf(database: DatabaseSync, staleMax = STALE_MAX): () => void {
  const counted = database.prepare('select count(*) as count from stale')
  const groups = database.prepare(
    `select gate, count(*) as count from (select gate from stale where gate > ? order by gate limit ${LIMIT}) group by gate order by gate`,
  )
  const listed = 'in (select value from json_each(?))'
  // A run that is ready again where it was before has its old entry, which counts.
  const drop = database.prepare(
    `delete from run_ready where (gate, sort, id) in (select gate, sort, id from stale where gate ${listed}) and not exists (${COUNTS})`,
  )
  const forget = database.prepare(`delete from stale where gate ${listed}`)
  const count = () => (counted.get() as { count: number }).count
  let left = 0
  let last: GroupId = -1
  return () => {
    const stale = count()
    if (stale === left) return
    const limit = Math.max(SWEPT_MIN, 2 * (stale - left))
    const found = groups.all(last, limit) as { gate: GroupId; count: number }[]
    const seen = found.reduce((sum, group) => sum + group.count, 0)
    last = seen < limit ? -1 : (found.at(-1)?.gate ?? -1)
    const swept = found.filter(group => stale > staleMax || group.count >= WORTH_A_PAGE)
    left = stale
    if (swept.length === 0) return
    const gates = JSON.stringify(swept.map(({ gate }) => gate))
    drop.run(gates)
    forget.run(gates)
    left = count()
  }
}
