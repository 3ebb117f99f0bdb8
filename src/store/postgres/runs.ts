import { isClosed } from '../../core/run.ts'
import { LAST, type Place } from '../cursor.ts'
import type { RunFilter } from '../store.ts'
import { arrayOf } from './arrays.ts'
import { bytesOf, downFrom, textOf, wholeDown, wholeUp } from './parameters.ts'
import type { Parameter } from './pipeline.ts'
import { CLOSED_COLUMNS, OPEN_COLUMNS } from './rows.ts'

export interface Query {
  sql: string
  parameters: Parameter[]
}

/**
 * The list of runs as one statement over both tables (E12): a run that moves meanwhile is in exactly one of them in the statement's snapshot.
 * Each half is read in the order of an index and stops at the limit: by tag run_tag, of the first tag, others are looked up; by one name run_closed_name;
 * by states without `completed` run_closed_unsuccessful; else the index by creation of either table.
 */
export function runsQuery(filter: RunFilter, before: Place, limit: number): Query {
  const { halves, parameters, limited } = halvesOf(filter, before, limit, [OPEN_COLUMNS, CLOSED_COLUMNS])
  return { sql: `select * from (${halves.join('\nunion all\n')}) r order by r.at desc, r.id desc limit ${limited}`, parameters }
}

/** The same runs, counted by the step of their creation and by state, of the newest `limit` alone; the last column tells how far that was. */
export function runCountsQuery(filter: RunFilter, steps: { from: number; stepMs: number }, limit: number): Query {
  const { halves, parameters, limited } = halvesOf(filter, LAST, limit, [COUNTED, COUNTED])
  const newest = `select * from (${halves.join('\nunion all\n')}) r order by r.at desc, r.id desc limit ${limited}`
  parameters.push(String(steps.from), String(steps.stepMs))
  const [from, step] = [`$${parameters.length - 1}::float8`, `$${parameters.length}::float8`]
  return {
    sql: `select trunc((r.at - ${from}) / ${step})::text, r.state, count(*)::text, min(r.at)::text from (${newest}) r group by 1, 2`,
    parameters,
  }
}

const COUNTED = 'r.id, r.state'

function halvesOf(
  filter: RunFilter,
  before: Place,
  limit: number,
  [openColumns, closedColumns]: readonly [string, string],
): { halves: string[]; parameters: Parameter[]; limited: string } {
  const { namespace, states, names, queues, kinds, tags = {}, took } = filter
  const { createdAfter = Number.NEGATIVE_INFINITY, createdBefore = Number.POSITIVE_INFINITY } = filter
  const parameters: Parameter[] = []
  const given = (value: Parameter, type: string) => `$${parameters.push(value)}::${type}`
  const among = (column: string, values: readonly string[]) => `${column} = any(${given(arrayOf('text', values.map(textOf)), 'text[]')})`

  const [at, id] = downFrom(createdBefore <= before.at ? { at: createdBefore, id: '' } : before)
  const space = given(textOf(namespace), 'text')
  const place = `(${given(at, 'int8')}, ${given(id, 'text')})`
  const from = given(wholeUp(createdAfter), 'int8')
  const limited = given(String(limit), 'int8')

  const conditions: string[] = []
  if (states) conditions.push(among('r.state', states))
  if (names?.length === 1) conditions.push(`r.name = ${given(textOf(names[0] as string), 'text')}`)
  else if (names) conditions.push(among('r.name', names))
  if (queues) conditions.push(among('r.queue', queues))
  if (kinds) conditions.push(among('r.kind', kinds))
  const lasted =
    took && `between ${given(wholeUp(took.atLeastMs ?? 0), 'int8')} and ${given(wholeDown(took.atMostMs ?? Number.POSITIVE_INFINITY), 'int8')}`
  const now = took && given(wholeDown(took.now), 'int8')

  const [first, ...others] = Object.entries(tags)
  const tagged = (table: string, [name, value]: [string, string]) =>
    `${table}.namespace = ${space} and ${table}.name = ${given(bytesOf(name), 'bytea')} and ${table}.value = ${given(bytesOf(value), 'bytea')}`
  const firstTag = first && tagged('t', first)
  for (const tag of others)
    conditions.push(`exists (select 1 from run_tag o where ${tagged('o', tag)} and o.created_at = r.created_at and o.id = r.id)`)

  const unsuccessful = states?.every(state => state !== 'completed')
  const half = (table: 'run_open' | 'run_closed', columns: string) => {
    const page = first ? 't' : 'r'
    const all = [
      ...(firstTag ? [firstTag] : [`r.namespace = ${space}`]),
      `(${page}.created_at, ${page}.id) < ${place}`,
      `${page}.created_at >= ${from}`,
      "r.kind <> 'schedule'",
      ...conditions,
      ...(table === 'run_closed' && unsuccessful ? ["r.state <> 'completed'"] : []),
      ...(took ? [`${table === 'run_open' ? now : 'r.closed_at'} - r.started_at ${lasted}`] : []),
    ]
    // A tag is looked up first, then its runs by their ids: within the limit no other condition on them is seen, and so no other index.
    const source = first ? `run_tag t cross join lateral (select * from ${table} where id = t.id limit 1) r` : `${table} r`
    return `(select ${columns}, ${page}.created_at as at from ${source} where ${all.join(' and ')} order by ${page}.created_at desc, ${page}.id desc limit ${limited})`
  }
  const halves = [
    ...(states?.every(isClosed) ? [] : [half('run_open', openColumns)]),
    ...(states && !states.some(isClosed) ? [] : [half('run_closed', closedColumns)]),
  ]
  // No state at all: nothing fits, and one half says so.
  if (halves.length === 0) halves.push(half('run_open', openColumns))
  return { halves, parameters, limited }
}
