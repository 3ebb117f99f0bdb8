import type { Finding } from '../../findings.ts'
import type { Patient } from './patient.ts'

/** Autovacuum comes at its threshold; where so many times that are dead, it did not. */
const OVERDUE_FACTOR = 3
/** Below it nobody minds. */
const DEAD_ROWS_MIN = 10_000
/** Of the 2,100 million after which the server takes no writes. */
const AGE_MAX = 1_000_000_000

/** Tables of ours that are not vacuumed, or not as they are: by hand switched off, too late, and a database that runs out of transaction ids. */
export async function lookAtVacuum({ client, schema }: Patient): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; off: boolean; unlogged: boolean; dead: string; limit: number }>(
    `select c.relname as name, c.relpersistence = 'u' as unlogged, coalesce(o.enabled = 'false' or o.enabled = 'off', false) as off,
      coalesce(s.n_dead_tup, 0)::text as dead,
      (coalesce(o.threshold, current_setting('autovacuum_vacuum_threshold'))::float8
        + coalesce(o.factor, current_setting('autovacuum_vacuum_scale_factor'))::float8 * greatest(c.reltuples, 0)) as limit
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
    cross join lateral (select
      (select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_enabled') as enabled,
      (select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_vacuum_threshold') as threshold,
      (select option_value from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_vacuum_scale_factor') as factor) o
    where n.nspname = $1 and c.relkind = 'r' order by c.relname`,
    [schema],
  )
  const findings: Finding[] = []
  for (const { name, off, unlogged, dead, limit } of rows) {
    const where = `table ${schema}.${name}`
    if (unlogged)
      findings.push({
        code: 'table-unlogged',
        where,
        what: 'It is unlogged.',
        why: 'A crash of the server empties it, and a replica never has it: what was acknowledged is lost.',
        mend: `alter table ${schema}.${name} set logged;`,
      })
    if (off)
      findings.push({
        code: 'autovacuum-off',
        where,
        what: 'Autovacuum is switched off for it.',
        why: 'Rows that are gone stay in it: it grows without end, and all that reads it slows down.',
        mend: `alter table ${schema}.${name} reset (autovacuum_enabled);`,
      })
    if (Number(dead) > DEAD_ROWS_MIN && Number(dead) > OVERDUE_FACTOR * limit)
      findings.push({
        code: 'vacuum-overdue',
        where,
        what: `It has ${Number(dead).toLocaleString('en-US')} dead rows; it should be vacuumed at ${Math.round(limit).toLocaleString('en-US')}.`,
        why: 'It grows, and all that reads it slows down. Autovacuum is off, too slow, or something holds old rows.',
        mend: `vacuum (verbose, analyze) ${schema}.${name};`,
      })
  }
  return [...findings, ...(await wraparound(client))]
}

async function wraparound(client: Patient['client']): Promise<Finding[]> {
  const { rows } = await client.query<{ age: number; database: string }>(
    'select age(datfrozenxid) as age, quote_ident(datname) as database from pg_database where datname = current_database()',
  )
  const { age, database } = rows[0] as { age: number; database: string }
  if (age < AGE_MAX) return []
  return [
    {
      code: 'wraparound-near',
      where: `database ${database}`,
      what: `Its oldest transaction id is ${age.toLocaleString('en-US')} transactions old.`,
      why: 'At 2,100 million the server takes no writes until the database is vacuumed.',
      mend: `vacuumdb --freeze --jobs 2 --dbname ${database}`,
    },
  ]
}
