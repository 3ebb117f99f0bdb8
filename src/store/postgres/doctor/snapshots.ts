import type { Finding } from '../../findings.ts'
import { type Patient, Unseen } from './patient.ts'

const WHY = 'No row that was deleted or changed since can be removed: tables and their indexes grow, and all that reads them slows down.'

/** Whoever may still look at old rows keeps all of them: open transactions, replicas that say so, slots, prepared transactions. */
export async function lookAtSnapshots({ client, oldMs, behind }: Patient): Promise<Finding[]> {
  const { rows: may } = await client.query("select pg_has_role('pg_read_all_stats', 'usage') as may, quote_ident(current_user) as role")
  if (!may[0].may) throw new Unseen(`Sessions of others are not shown to ${may[0].role}.`, `grant pg_read_all_stats to ${may[0].role};`)
  return [
    ...(await openTransactions(client, oldMs)),
    ...(await prepared(client, oldMs)),
    ...(await slots(client)),
    ...(await standbys(client, behind)),
  ]
}

async function openTransactions(client: Patient['client'], oldMs: number): Promise<Finding[]> {
  const { rows } = await client.query<{ pid: number; role: string | null; application: string; state: string; minutes: number; holds: boolean }>(
    `select pid, usename as role, application_name as application, state, extract(epoch from clock_timestamp() - xact_start)::float8 / 60 as minutes,
      backend_xmin is not null or backend_xid is not null as holds
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
      and clock_timestamp() - xact_start > $1::float8 * interval '1 millisecond'
    order by xact_start`,
    [oldMs],
  )
  return rows
    .filter(({ holds, state }) => holds || state.startsWith('idle in transaction'))
    .map(({ pid, role, application, state, minutes }) => ({
      code: state.startsWith('idle in transaction') ? 'idle-in-transaction' : 'old-snapshot',
      where: `session ${pid}`,
      what: `Its transaction is open for ${minutes.toFixed(1)} minutes (${state}; role ${role}${application === '' ? '' : `, ${JSON.stringify(application)}`}).`,
      why: WHY,
      mend: `select pg_terminate_backend(${pid});`,
    }))
}

async function prepared(client: Patient['client'], oldMs: number): Promise<Finding[]> {
  const { rows } = await client.query<{ gid: string; owner: string; minutes: number }>(
    `select quote_literal(gid) as gid, owner, extract(epoch from clock_timestamp() - prepared)::float8 / 60 as minutes from pg_prepared_xacts
    where database = current_database() and clock_timestamp() - prepared > $1::float8 * interval '1 millisecond' order by prepared`,
    [oldMs],
  )
  return rows.map(({ gid, owner, minutes }) => ({
    code: 'prepared-transaction',
    where: `prepared transaction ${gid}`,
    what: `It waits for its end for ${minutes.toFixed(1)} minutes (role ${owner}), and survives a restart.`,
    why: WHY,
    mend: `rollback prepared ${gid};   (or commit it, if whoever prepared it says so)`,
  }))
}

async function slots(client: Patient['client']): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; literal: string; holds: boolean; lost: boolean; size: string | null }>(
    `select slot_name as name, quote_literal(slot_name) as literal, xmin is not null or catalog_xmin is not null as holds, wal_status = 'lost' as lost,
      pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) as size
    from pg_replication_slots where not active and not temporary order by slot_name`,
  )
  return rows.map(({ name, literal, holds, lost, size }) => ({
    code: 'replication-slot-idle',
    where: `replication slot ${name}`,
    what: lost
      ? 'Nobody reads from it, and what it would read is gone.'
      : `Nobody reads from it, and ${size ?? 'nothing'} of the log is kept for it.`,
    why: holds ? `${WHY} The log grows until the disk is full.` : 'The log is kept for it until the disk is full; then nothing is written any more.',
    mend: `select pg_drop_replication_slot(${literal});   (or start who reads from it)`,
  }))
}

/** A replica with hot_standby_feedback keeps the rows that its queries may look at. */
async function standbys(client: Patient['client'], behind: number): Promise<Finding[]> {
  const { rows } = await client.query<{ pid: number; application: string; behind: number }>(
    'select pid, application_name as application, age(backend_xmin) as behind from pg_stat_replication where age(backend_xmin) > $1',
    [behind],
  )
  return rows.map(({ application, behind }) => ({
    code: 'old-snapshot',
    where: `replica ${JSON.stringify(application)}`,
    what: `A query there looks at rows of ${behind.toLocaleString('en-US')} transactions ago (hot_standby_feedback).`,
    why: WHY,
    mend: 'end that query there: select pid, query from pg_stat_activity order by xact_start; select pg_terminate_backend(PID);',
  }))
}
