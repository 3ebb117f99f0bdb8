import { isClosed } from '../../core/run.ts'
import { LAST, type Place } from '../cursor.ts'
import type { RunFilter } from '../store.ts'
import { arrayOf } from './arrays.ts'
import { bytesOf, downFrom, textOf, wholeDown, wholeUp } from './parameters.ts'
import type { Parameter } from './pipeline.ts'
import { BOTH_COLUMNS, CLOSED_COLUMNS, OPEN_COLUMNS } from './rows.ts'

export interface Query {
  sql: string
  parameters: Parameter[]
}

/**
 * The list of runs as one statement over both tables (E12): a run that moves meanwhile is in exactly one of them in the statement's snapshot.
 * Each half is read in the order of an index and stops at the limit: by tag run_tag, of the first tag, and whichever table the run is in; by names
 * run_closed_name; by states without `completed` run_closed_unsuccessful; else the index by creation of either table.
 */
export function runsQuery(filter: RunFilter, before: Place, limit: number): Query {
  const { halves, parameters, limited } = halvesOf(filter, before, limit, { open: OPEN_COLUMNS, closed: CLOSED_COLUMNS, both: BOTH_COLUMNS })
  return { sql: `select * from (${halves.join('\nunion all\n')}) r order by r.at desc, r.id desc limit ${limited}`, parameters }
}

/** The same runs, counted by the step of their creation and by state, of the newest `limit` alone; the last column tells how far that was. */
export function runCountsQuery(filter: RunFilter, steps: { from: number; stepMs: number }, limit: number): Query {
  const { halves, parameters, limited } = halvesOf(filter, LAST, limit, { open: COUNTED, closed: COUNTED, both: COUNTED })
  const newest = `select * from (${halves.join('\nunion all\n')}) r order by r.at desc, r.id desc limit ${limited}`
  parameters.push(String(steps.from), String(steps.stepMs))
  const [from, step] = [`$${parameters.length - 1}::float8`, `$${parameters.length}::float8`]
  return {
    sql: `select trunc((r.at - ${from}) / ${step})::text, r.state, count(*)::text, min(r.at)::text from (${newest}) r group by 1, 2`,
    parameters,
  }
}

/** When the row was created that lies so many further down in the indexes that the halves of a list go through; of several the latest. */
export function runsDepthQuery(filter: RunFilter, before: Place, rows: number, tables: { open: boolean; closed: boolean }): Query {
  const { namespace, states, names, tags = {} } = filter
  const [at, id] = downFrom(before)
  const parameters: Parameter[] = [textOf(namespace), at, id, String(rows)]
  const given = (value: Parameter, type: string) => `$${parameters.push(value)}::${type}`
  const depth = (table: string, condition: string) =>
    `(select created_at from ${table} where namespace = $1 and ${condition} and (created_at, id) < ($2::int8, $3) order by ${table}.created_at desc, id desc limit 1 offset $4::int8)`
  const ofRuns = (table: string, condition = 'true') => depth(table, `kind <> 'schedule' and ${condition}`)

  const [tag] = Object.entries(tags)
  const halves: string[] = []
  if (tag !== undefined) halves.push(depth('run_tag', `name = ${given(bytesOf(tag[0]), 'bytea')} and value = ${given(bytesOf(tag[1]), 'bytea')}`))
  else {
    if (tables.open) halves.push(ofRuns('run_open'))
    const unsuccessful = states?.includes('completed') ? null : (states?.filter(isClosed) ?? null)
    if (tables.closed && unsuccessful !== null)
      for (const state of unsuccessful) halves.push(ofRuns('run_closed', `state = ${given(textOf(state), 'text')} and state <> 'completed'`))
    else if (tables.closed && names?.length === 1) halves.push(ofRuns('run_closed', `name = ${given(textOf(names[0] as string), 'text')}`))
    else if (tables.closed) halves.push(ofRuns('run_closed'))
  }
  if (halves.length === 0) halves.push('(select null::int8 as created_at)')
  return { sql: `select max(created_at)::text from (${halves.join(' union all ')}) r`, parameters }
}

const COUNTED = 'r.id, r.state'

/** Names that are read one by one, each in the order of its index; of more, every run is looked at. */
const NAMES_MAX = 8

const RAW = 'id, kind, namespace, name, queue, state, created_at, started_at, tags, input, body'
const RAW_OPEN = `select ${RAW}, gate, sort, wake_at, delivered, null::int8 as closed_at, null::int8 as purge_at, null::bytea as output from run_open where id = t.id`
const RAW_CLOSED = `select ${RAW}, null::int8 as gate, null::float8 as sort, null::int8 as wake_at, null::bool as delivered, closed_at, purge_at, output from run_closed where id = t.id`

interface Columns {
  open: string
  closed: string
  both: string
}

function halvesOf(filter: RunFilter, before: Place, limit: number, columns: Columns): { halves: string[]; parameters: Parameter[]; limited: string } {
  const { namespace, states, names, queues, kinds, tags = {}, took } = filter
  const { createdAfter = Number.NEGATIVE_INFINITY, createdBefore = Number.POSITIVE_INFINITY } = filter
  const parameters: Parameter[] = []
  const given = (value: Parameter, type: string) => `$${parameters.push(value)}::${type}`
  const among = (column: string, values: readonly string[]) => `${column} = any(${given(arrayOf('text', values.map(textOf)), 'text[]')})`
  const equals = (column: string, value: string) => `${column} = ${given(textOf(value), 'text')}`

  const [at, id] = downFrom(createdBefore <= before.at ? { at: createdBefore, id: '' } : before)
  const space = given(textOf(namespace), 'text')
  const place = `(${given(at, 'int8')}, ${given(id, 'text')})`
  const from = given(wholeUp(createdAfter), 'int8')
  const limited = given(String(limit), 'int8')
  /** `page`: what the half is read in the order of. */
  const half = (columns: string, source: string, page: string, conditions: readonly string[]) => {
    const all = [
      `(${page}.created_at, ${page}.id) < ${place}`,
      `${page}.created_at >= ${from}`,
      "r.kind <> 'schedule'",
      "r.kind <> 'timeline'",
      "r.kind <> 'asset'",
      "r.kind <> 'memo'",
      ...conditions,
    ]
    return `(select ${columns}, ${page}.created_at as at from ${source} where ${all.join(' and ')} order by ${page}.created_at desc, ${page}.id desc limit ${limited})`
  }

  const isOpen = states?.some(state => !isClosed(state)) ?? true
  const closedStates = states?.filter(isClosed) ?? null
  const [first, ...others] = Object.entries(tags)
  const shared = [...(queues ? [among('r.queue', queues)] : []), ...(kinds ? [among('r.kind', kinds)] : [])]
  const lasted = took && {
    now: () => given(wholeDown(took.now), 'int8'),
    range: `between ${given(wholeUp(took.atLeastMs ?? 0), 'int8')} and ${given(wholeDown(took.atMostMs ?? Number.POSITIVE_INFINITY), 'int8')}`,
  }
  // Each time anew: a parameter that a statement does not mention has no type.
  const ofNames = () => (names ? [names.length === 1 ? equals('r.name', names[0] as string) : among('r.name', names)] : [])
  const ofStates = () => (states ? [among('r.state', states)] : [])

  if (first !== undefined) {
    const tagged = (table: string, [name, value]: [string, string]) =>
      `${table}.namespace = ${space} and ${table}.name = ${given(bytesOf(name), 'bytea')} and ${table}.value = ${given(bytesOf(value), 'bytea')}`
    // Looked up by its id, in whichever table it is: within the limit no other condition on it is seen, and so no other index.
    const tables = [...(isOpen ? [RAW_OPEN] : []), ...(closedStates?.length !== 0 ? [RAW_CLOSED] : [])]
    const source = `run_tag t cross join lateral (${(tables.length > 0 ? tables : [RAW_OPEN]).join(' union all ')} limit 1) r`
    const conditions = [
      tagged('t', first),
      ...others.map(tag => `exists (select 1 from run_tag o where ${tagged('o', tag)} and o.created_at = t.created_at and o.id = t.id)`),
      ...[...ofStates(), ...ofNames(), ...shared],
      ...(lasted ? [`coalesce(r.closed_at, ${lasted.now()}) - r.started_at ${lasted.range}`] : []),
    ]
    return { halves: [half(columns.both, source, 't', conditions)], parameters, limited }
  }

  const halves: string[] = []
  const inSpace = `r.namespace = ${space}`
  if (isOpen) {
    const conditions = [inSpace, ...ofStates(), ...ofNames(), ...shared, ...(lasted ? [`${lasted.now()} - r.started_at ${lasted.range}`] : [])]
    halves.push(half(columns.open, 'run_open r', 'r', conditions))
  }
  // Each of several is a half of its own: an index has no order across them.
  const each =
    !closedStates?.includes('completed') && closedStates !== null
      ? closedStates.map(state => [`${equals('r.state', state)} and r.state <> 'completed'`, ...ofNames()])
      : names && names.length <= NAMES_MAX
        ? names.map(name => [equals('r.name', name), ...ofStates()])
        : [[...ofStates(), ...ofNames()]]
  for (const conditions of each) {
    const took = lasted ? [`r.closed_at - r.started_at ${lasted.range}`] : []
    halves.push(half(columns.closed, 'run_closed r', 'r', [inSpace, ...conditions, ...shared, ...took]))
  }
  // No state or name at all: nothing fits, and one half says so.
  if (halves.length === 0) halves.push(half(columns.open, 'run_open r', 'r', [inSpace, ...ofStates()]))
  return { halves, parameters, limited }
}
