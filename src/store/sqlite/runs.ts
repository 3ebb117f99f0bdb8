import { isClosed } from '../../core/run.ts'
import { LAST, type Place } from '../cursor.ts'
import type { RunFilter } from '../store.ts'
import { CLOSED_COLUMNS, OPEN_COLUMNS } from './messages.ts'

export interface Query {
  sql: string
  parameters: Record<string, string | number>
}

/**
 * The list of runs as one statement over both tables (E12): a run that moves meanwhile is in exactly one of them in the statement's snapshot.
 * Lists go in as JSON, so that the text depends only on which filters there are, not on their lengths, and can stay prepared.
 *
 * Each half is read in the order of an index and stops at the limit:
 * - by tag: run_tag, of the first tag; others are looked up.
 * - by one name: run_closed_name. By states without `completed`: run_closed_unsuccessful.
 * - else: the index by creation of either table.
 * The index is named, since without statistics the planner takes the index by creation for a name that a million runs have not.
 */
export function runsQuery(filter: RunFilter, before: Place, limit: number): Query {
  const { halves, parameters } = halvesOf(filter, before, limit, [OPEN_COLUMNS, CLOSED_COLUMNS])
  return { sql: `${halves.join('\nunion all\n')}\norder by created_at desc, id desc limit :limit`, parameters }
}

/** The same runs, counted by the step of their creation and by state, of the newest `limit` alone; `oldest` tells how far that was. */
export function runCountsQuery(filter: RunFilter, steps: { from: number; stepMs: number }, limit: number): Query {
  const { halves, parameters } = halvesOf(filter, LAST, limit, [COUNTED, COUNTED])
  const newest = `select * from (${halves.join('\nunion all\n')}) order by created_at desc, id desc limit :limit`
  return {
    sql: `select cast((created_at - :start) / :step as integer) as step, state, count(*) as count, min(created_at) as oldest\nfrom (${newest}) group by 1, 2`,
    parameters: { ...parameters, start: steps.from, step: steps.stepMs },
  }
}

/** When the row was created that lies so many further down in the indexes that the halves of a list go through; of both the later. */
export function runsDepthQuery(filter: RunFilter, before: Place, rows: number, tables: { open: boolean; closed: boolean }): Query {
  const { namespace, states, names, tags = {} } = filter
  const parameters: Query['parameters'] = { namespace, at: before.at, id: before.id, rows }
  const [first] = Object.entries(tags)
  if (first) [parameters.tag, parameters.value] = first
  const depth = (source: string, condition: string) =>
    `select * from (select created_at from ${source} where namespace = :namespace and ${condition} and (created_at, id) < (:at, :id)
      order by created_at desc, id desc limit 1 offset :rows)`
  const ofRuns = (table: string, index: string, condition = 'true') => depth(`${table} indexed by ${index}`, `kind <> 'schedule' and ${condition}`)
  const closed = (): string => {
    if (names?.length === 1) {
      parameters.name = names[0] as string
      return ofRuns('run_closed', 'run_closed_name', 'name = :name')
    }
    if (states?.every(state => state !== 'completed')) return ofRuns('run_closed', 'run_closed_unsuccessful', "state <> 'completed'")
    return ofRuns('run_closed', 'run_closed_created')
  }
  const halves = first
    ? [depth('run_tag', 'name = :tag and value = :value')]
    : [...(tables.open ? [ofRuns('run_open', 'run_open_created')] : []), ...(tables.closed ? [closed()] : [])]
  return { sql: `select max(created_at) as at from (${halves.join('\nunion all\n')})`, parameters }
}

const COUNTED = 'r.id, r.state, r.created_at'

function halvesOf(
  filter: RunFilter,
  before: Place,
  limit: number,
  [openColumns, closedColumns]: readonly [string, string],
): { halves: string[]; parameters: Query['parameters'] } {
  const { namespace, states, names, queues, kinds, tags = {}, took } = filter
  const { createdAfter = Number.NEGATIVE_INFINITY, createdBefore = Number.POSITIVE_INFINITY } = filter
  const start = createdBefore <= before.at ? { at: createdBefore, id: '' } : before
  const parameters: Record<string, string | number> = { namespace, at: start.at, id: start.id, from: createdAfter, limit }

  const conditions: string[] = []
  const given = (name: string, condition: string, value: string | readonly string[]) => {
    conditions.push(condition)
    parameters[name] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  if (states) given('states', 'r.state in (select value from json_each(:states))', states)
  if (names?.length === 1) given('name', 'r.name = :name', names[0] as string)
  else if (names) given('names', 'r.name in (select value from json_each(:names))', names)
  if (queues) given('queues', 'r.queue in (select value from json_each(:queues))', queues)
  if (kinds) given('kinds', 'r.kind in (select value from json_each(:kinds))', kinds)
  if (took) {
    parameters.atLeast = took.atLeastMs ?? 0
    parameters.atMost = took.atMostMs ?? Number.MAX_SAFE_INTEGER
  }

  const [first, ...others] = Object.entries(tags)
  if (first) [parameters.tag, parameters.value] = first
  if (others.length > 0) given('tags', OTHER_TAGS, JSON.stringify(others))

  const unsuccessful = states?.every(state => state !== 'completed')
  const half = (table: 'run_open' | 'run_closed', columns: string, more: string[]) => {
    const page = first ? 't' : 'r'
    // The cross join fixes the order of the loops; without statistics the planner may go through all runs and look for the tag.
    const index =
      table === 'run_open'
        ? 'run_open_created'
        : names?.length === 1
          ? 'run_closed_name'
          : unsuccessful
            ? 'run_closed_unsuccessful'
            : 'run_closed_created'
    const from = first ? `run_tag t cross join ${table} r on r.id = t.id` : `${table} r indexed by ${index}`
    const ended = table === 'run_open' ? ':now' : 'r.closed_at'
    if (took && table === 'run_open') parameters.now = took.now
    const all = [
      `${page}.namespace = :namespace`,
      ...(first ? ['t.name = :tag', 't.value = :value'] : []),
      `(${page}.created_at, ${page}.id) < (:at, :id)`,
      `${page}.created_at >= :from`,
      "r.kind <> 'schedule'",
      "r.kind <> 'timeline'",
      "r.kind <> 'asset'",
      "r.kind <> 'memo'",
      ...conditions,
      ...(took ? [`${ended} - r.started_at between :atLeast and :atMost`] : []),
      ...more,
    ]
    const selected = columns.replace(/\bid\b.*?\bbody\b/, shared => shared.replace(/\w+/g, 'r.$&'))
    return `select * from (select ${selected} from ${from} where ${all.join(' and ')} order by ${page}.created_at desc, ${page}.id desc limit :limit)`
  }
  const halves = [
    ...(states?.every(isClosed) ? [] : [half('run_open', openColumns, [])]),
    ...(states && !states.some(isClosed) ? [] : [half('run_closed', closedColumns, unsuccessful ? ["r.state <> 'completed'"] : [])]),
  ]
  // No state at all: nothing fits, and one half says so.
  if (halves.length === 0) halves.push(half('run_open', openColumns, []))
  return { halves, parameters }
}

const OTHER_TAGS = `not exists (
  select 1 from json_each(:tags) asked where not exists (
    select 1 from run_tag o where o.namespace = :namespace and o.name = asked.value ->> 0 and o.value = asked.value ->> 1 and o.created_at = r.created_at and o.id = r.id))`
