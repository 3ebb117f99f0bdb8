import { durationText } from '../core/duration-text.ts'
import { shortId } from '../core/ids.ts'
import type { Instant } from '../core/time.ts'
import type { Engine, QueueView, RunSummary, ScheduleOutcomes, ScheduleView } from '../engine/face.ts'

/** What needs a person now, and the fields by which a list behind it is asked for. */
export interface Need {
  is: 'stuck' | 'queue' | 'worker' | 'failing' | 'sequence' | 'parked' | 'schedule'
  /** A stable word for what is the matter within its kind. */
  why: string
  text: string
  count: number
  definition?: string
  queue?: string
  schedule?: string
  worker?: string
  run?: string
  key?: string
  since?: Instant
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** A queue whose oldest task waits for longer than this. */
const WAITS_LONG_MS = 300_000
/** Needs of each sort that are told: whoever has more has the list behind the first. */
const TOLD_MAX = 10
/** Schedules that are looked at, by name. */
const SCHEDULES_MAX = 200

/** Most urgent first. `complete` false: there are more schedules, or more parked runs, than were looked at. */
export async function needsOf(
  engine: Engine,
  namespace: string,
  now: Instant,
  { paused, pausedMore }: { paused: readonly RunSummary[]; pausedMore: boolean },
): Promise<{ needs: Need[]; complete: boolean }> {
  const [queues, workers, failing, sequences, { schedules, more }] = await Promise.all([
    engine.queues.list(namespace),
    workersOf(engine, namespace),
    failingOf(engine, namespace),
    sequencesOf(engine, namespace),
    schedulesOf(engine, namespace, now),
  ])
  const needs = [...stuckOf(paused), ...queuesOf(queues, now), ...workers, ...failing, ...sequences, ...parkedOf(paused, pausedMore), ...schedules]
  return { needs, complete: !pausedMore && !more }
}

function stuckOf(paused: readonly RunSummary[]): Need[] {
  return byDefinition(paused.filter(run => run.reason !== 'parked')).map(([definition, runs]) => ({
    is: 'stuck',
    why: 'stuck',
    text: `${runs.length === 1 ? 'a run' : `${runs.length} runs`} of ${definition} choked on an input, and will do nothing before it is resumed`,
    count: runs.length,
    definition,
    run: (runs[0] as RunSummary).id,
  }))
}

function parkedOf(paused: readonly RunSummary[], more: boolean): Need[] {
  return byDefinition(paused.filter(run => run.reason === 'parked')).map(([definition, runs]) => ({
    is: 'parked',
    why: 'parked',
    text: `${runs.length}${more ? ' or more' : ''} ${runs.length === 1 ? 'run' : 'runs'} of ${definition} used up the attempts and ${runs.length === 1 ? 'waits' : 'wait'} for you`,
    count: runs.length,
    definition,
    run: (runs[0] as RunSummary).id,
  }))
}

function byDefinition(runs: readonly RunSummary[]): [string, RunSummary[]][] {
  const found = new Map<string, RunSummary[]>()
  for (const run of runs) found.set(run.definition, [...(found.get(run.definition) ?? []), run])
  return [...found].sort(([, a], [, b]) => b.length - a.length).slice(0, TOLD_MAX)
}

function queuesOf(queues: readonly QueueView[], now: Instant): Need[] {
  const needs: Need[] = []
  for (const { name: queue, depth, workers, untaken, paused, oldestAt } of queues) {
    if (depth === 0) continue
    const waits = `${depth} ${depth === 1 ? 'task' : 'tasks'} of ${queue}`
    const since = oldestAt === null ? {} : { since: oldestAt }
    const need = (why: string, text: string, more: Partial<Need> = {}) =>
      needs.push({ is: 'queue', why, text, count: depth, queue, ...since, ...more })
    if (paused !== null) need('paused', `${waits} wait while it is paused${paused.by === null ? '' : ` by ${paused.by}`}`)
    else if (workers === 0) need('no-worker', `${waits} wait, and no worker takes any of it`)
    else if (untaken[0] !== undefined) {
      const others = untaken.length === 1 ? '' : ` and ${untaken.length - 1} more`
      need('untaken', `no worker takes ${untaken[0]}${others}, of which tasks wait in ${queue}`, { definition: untaken[0], count: untaken.length })
    } else if (oldestAt !== null && now - oldestAt > WAITS_LONG_MS)
      need('slow', `${waits} wait, the oldest for ${durationText(Math.floor((now - oldestAt) / MINUTE_MS) * MINUTE_MS)}`)
  }
  return needs.sort((a, b) => b.count - a.count).slice(0, TOLD_MAX)
}

async function workersOf(engine: Engine, namespace: string): Promise<Need[]> {
  const [present, gone] = await Promise.all([engine.workers.list(namespace), engine.workers.silent(namespace)])
  const stuck = present.flatMap(({ id, name, running }): Need[] => {
    const handlers = running.filter(task => task.stuck)
    const [first] = handlers
    if (first === undefined) return []
    const said = `a handler of ${first.definition} on ${name} ignores that it was asked to stop`
    return [{ is: 'worker', why: 'stuck-handler', text: said, count: handlers.length, worker: id, definition: first.definition, run: first.run }]
  })
  const silent = gone.map(
    ({ id, name, lastSeenAt }): Need => ({
      is: 'worker',
      why: 'silent',
      text: `${name} fell silent, and did not say that it goes`,
      count: 1,
      worker: id,
      since: lastSeenAt,
    }),
  )
  return [...stuck.slice(0, TOLD_MAX), ...silent.slice(0, TOLD_MAX)]
}

/** Definitions of which runs failed within the last hour, those with the most first, each with its last error. */
async function failingOf(engine: Engine, namespace: string): Promise<Need[]> {
  const { definitions } = await engine.activity.lastHour(namespace)
  const failing = [...definitions]
    .map(([definition, { closed }]) => ({
      definition,
      count: (closed.failed ?? 0) + (closed.timed_out ?? 0),
      of: Object.values(closed).reduce((sum, count) => sum + count, 0),
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, TOLD_MAX)
  return Promise.all(
    failing.map(async ({ definition, count, of }): Promise<Need> => {
      const search = { namespace, names: [definition], states: ['failed', 'timed_out'] as const }
      const [last] = (await engine.runs.list(search, { after: null, limit: 1 })).rows
      const failure = last?.failure
      const error = failure == null ? (last?.reason ?? '') : `${failure.type}: ${failure.message}`
      const said = error === '' ? '' : `, last with ${error.replace(/\s+/g, ' ').slice(0, ERROR_LENGTH_MAX)}`
      const text = `${count} of ${of} runs of ${definition} failed in the last hour${said}`
      return { is: 'failing', why: 'failed', text, count, definition, ...(last === undefined ? {} : { run: last.id }) }
    }),
  )
}

const ERROR_LENGTH_MAX = 200

async function sequencesOf(engine: Engine, namespace: string): Promise<Need[]> {
  return (await engine.limits.stopped(namespace, TOLD_MAX)).map(({ definition, key, run }) => ({
    is: 'sequence',
    why: 'stopped',
    text: `the sequence "${key}" of ${definition} stopped when ${shortId(run)} failed, and others wait in it`,
    count: 1,
    definition,
    key,
    run,
  }))
}

async function schedulesOf(engine: Engine, namespace: string, now: Instant): Promise<{ schedules: Need[]; more: boolean }> {
  const page = { after: null, limit: SCHEDULES_MAX }
  const accounts: ScheduleOutcomes['lines'][number]['account'][] = ['skipped', 'refused', 'recovered']
  const { rows, next } = await engine.schedules.list(namespace, page)
  if (rows.length === 0) return { schedules: [], more: next !== null }
  const outcomes = await engine.schedules.outcomes(namespace, { from: now - DAY_MS, until: now, accounts }, page)
  const gone = rows.filter(({ paused }) => paused?.gone).map(goneNeed)
  const stuck = rows.flatMap(stuckNeeds)
  return {
    schedules: [...stuck.slice(0, TOLD_MAX), ...gone.slice(0, TOLD_MAX), ...outcomes.rows.flatMap(outcomeNeeds).slice(0, TOLD_MAX)],
    more: next !== null,
  }
}

function stuckNeeds({ name, stuck }: ScheduleView): Need[] {
  if (stuck === null) return []
  const text = `${name} choked on "${stuck.on}", and does nothing before it is resumed: ${stuck.why.replace(/\s+/g, ' ').slice(0, ERROR_LENGTH_MAX)}`
  return [{ is: 'schedule', why: 'stuck', text, count: 1, schedule: name, since: stuck.since }]
}

function goneNeed({ name, paused }: ScheduleView): Need {
  const since = paused === null ? {} : { since: paused.since }
  return { is: 'schedule', why: 'gone-from-code', text: `${name} is no longer in the code, and paused`, count: 1, schedule: name, ...since }
}

function outcomeNeeds({ name, lines, more }: ScheduleOutcomes): Need[] {
  const needs: Need[] = []
  for (const [account, said] of [
    ['refused', 'could not start its run'],
    ['skipped', 'skipped a time'],
    ['recovered', 'fired late'],
  ] as const) {
    const found = lines.filter(line => line.account === account)
    const [last] = found
    if (last === undefined) continue
    const count = found.reduce((sum, line) => sum + line.count, 0)
    const times = count === 1 && !more ? '' : ` ${count} times${more ? ' or more' : ''}`
    const text = `${name} ${said}${times} in the last day${last.text === null ? '' : `: ${last.text}`}`
    needs.push({ is: 'schedule', why: account, text, count, schedule: name, since: last.until, ...(last.run === null ? {} : { run: last.run }) })
  }
  return needs
}
