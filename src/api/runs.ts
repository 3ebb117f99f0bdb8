import { Type } from 'typebox'
import { EVENTS_PAGE_MAX, PAGE_DEFAULT } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { StartAnswer } from '../engine/face.ts'
import {
  DagItems,
  DagTasks,
  Empty,
  Explanation,
  History,
  Logs,
  object,
  RelatedRuns,
  RunDetail,
  RunHistogram,
  RunList,
  RunRef,
  RunsClosed,
  StartedMany,
} from './answers.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { checkInputOfDag } from './dag-start.ts'
import { changeOf, payloadOf, startOf, storable } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { quote } from './json.ts'
import { between, cursor, instant, limit, type Operation, operation, wait } from './operation.ts'
import { problemJson } from './problem.ts'
import { histogramJson, runQuery, searchOf } from './run-search.ts'
import { AwaitedRuns, ChangeBody, CommandBody, NOTE_LENGTH_MAX, ResumeBody, RetryBody, StartMany } from './schemas.ts'
import { eventText, explanationJson, instantOrNull, logLineText, runDetailText, runJson } from './views.ts'
import { ExistingRun, messageOf, StartedRun, updatedText } from './workflow-messages.ts'
import { Signal, Signals, StartRun } from './workflow-schemas.ts'

const RUNS = '/v1/namespaces/{namespace}/runs'
const DAY_MS = 86_400_000
const RUN = `${RUNS}/{run}`

const start = operation({
  name: 'runs.start',
  method: 'POST',
  path: RUNS,
  summary: 'Start a run',
  body: { schema: StartRun, raw: { input: 'raw', metadata: 'raw', signal: { payload: 'raw' }, update: { input: 'raw' } } },
  answers: { 201: StartedRun, 200: ExistingRun },
  async handle({ engine, params, body: { signal, update, ...body }, payloads, by, callKey, command, signal: gone }) {
    const start = startOf(body, payloads, by, '')
    checkInputOfDag(engine, params.namespace, start.definition, start.input, '')
    if (signal !== undefined) start.signal = { name: signal.name, payload: signal.payload === undefined ? null : payloadOf(signal.payload, payloads) }
    const [answer] = await engine.runs.start(params.namespace, { callKey, by, starts: [start] })
    if (answer === undefined || answer.is === 'refused')
      throw new UserError((answer?.problem.code ?? 'internal') as UserError['code'], answer?.problem ?? {})
    const status = answer.is === 'started' ? 201 : 200
    const text = startedText(answer)
    if (update === undefined) return { status, body: text }
    // The run is there, whatever becomes of it: the same call again, with its idempotency key, finds both.
    const told = command()
    const said = await engine.runs.update(params.namespace, answer.run, messageOf(update.name, update, payloads), told, gone)
    return { status, body: `${text.slice(0, -1)},"update":${updatedText(told.id, said)}}` }
  },
})

const startMany = operation({
  name: 'runs.startMany',
  method: 'POST',
  path: `${RUNS}/batch`,
  summary: 'Start many runs: all or none; conflicts of keyed or unique ones are answered for each',
  body: { schema: StartMany, raw: { runs: [{ input: 'raw', metadata: 'raw' }] } },
  answers: { 200: StartedMany },
  async handle({ engine, params, body, payloads, by, callKey }) {
    if (body.runs.length === 0) return '{"runs":[]}'
    const starts = body.runs.map((run, index) => startOf(run, payloads, by, `/runs/${index}`))
    for (const [index, { definition, input }] of starts.entries()) checkInputOfDag(engine, params.namespace, definition, input, `/runs/${index}`)
    const answers = await engine.runs.start(params.namespace, { callKey, by, starts })
    return `{"runs":[${answers.map(startedText).join(',')}]}`
  },
})

function startedText(answer: StartAnswer): string {
  switch (answer.is) {
    case 'started':
      return `{"is":"started","run":${quote(answer.run)}}`
    case 'existing':
      return `{"is":"existing","run":${quote(answer.run)},"by":"${answer.by}"${answer.replaced ? ',"replaced":true' : ''}}`
    case 'refused':
      return `{"is":"refused","problem":${JSON.stringify(problemJson(answer.problem))}}`
  }
}

const list = operation({
  name: 'runs.list',
  method: 'GET',
  path: RUNS,
  summary: 'List runs, open and closed, newest first',
  query: { ...runQuery, createdAfter: instant, createdBefore: instant, limit, cursor },
  answers: { 200: RunList },
  async handle({ engine, params, query, context }) {
    const { cursor, limit, ...asked } = query
    const search = await searchOf(engine, params.namespace, asked, context.now())
    const listed = ['runs', { ...search, took: search.took && { ...search.took, now: 0 } }]
    const page = await engine.runs.list(search, { after: openCursor(cursor, listed), limit: limit ?? PAGE_DEFAULT })
    return JSON.stringify({ runs: page.rows.map(runJson), next: sealCursor(page.next, listed), through: instantOrNull(page.through) })
  },
})

const histogram = operation({
  name: 'runs.histogram',
  method: 'GET',
  path: `${RUNS}/histogram`,
  summary: 'How many runs were created when, by state; of the newest 50,000, or 5,000 where reason, error or metadata are asked for',
  query: { ...runQuery, from: instant, until: instant, buckets: between(10, 200, 60) },
  answers: { 200: RunHistogram },
  async handle({ engine, params, query, context, signal }) {
    const { from: asked, until = context.now(), buckets = 60, ...filter } = query
    const from = asked ?? until - DAY_MS
    if (from >= until) throw new UserError('invalid-input', { at: '/query/from', found: formatInstant(from), hint: 'a range ends after it begins' })
    const stepMs = Math.ceil((until - from) / buckets)
    const search = await searchOf(engine, params.namespace, { ...filter, createdAfter: from, createdBefore: until }, context.now())
    return JSON.stringify(histogramJson(await engine.runs.tally(search, { from, stepMs }, signal), { from, until, stepMs }))
  },
})

const get = operation({
  name: 'runs.get',
  method: 'GET',
  path: RUN,
  summary: 'Get a run; with `wait`, as soon as it is closed, or as it is when the time is up',
  query: { wait },
  answers: { 200: RunDetail },
  async handle({ engine, params, query, runId, signal }) {
    const id = await runId()
    return runDetailText(await (query.wait ? engine.runs.wait(params.namespace, id, query.wait, signal) : engine.runs.get(params.namespace, id)))
  },
})

const closed = operation({
  name: 'runs.closed',
  method: 'POST',
  path: `${RUNS}/closed`,
  summary:
    'Of many runs, those that are closed: as soon as one is, or when `wait` milliseconds are over. Whole ids alone; `missing`: there is no such run',
  body: { schema: AwaitedRuns },
  answers: { 200: RunsClosed },
  async handle({ engine, params, body: { runs, wait = 0 }, signal }) {
    const { closed, missing } = await engine.runs.closed(params.namespace, [...new Set(runs)], wait, signal)
    return `{"runs":[${closed.map(runDetailText).join(',')}],"missing":${JSON.stringify(missing)}}`
  },
})

const history = operation({
  name: 'runs.history',
  method: 'GET',
  path: `${RUN}/history`,
  summary:
    'All events of a run, or those from a number on; the first is number 0. `last`: instead of `from`, so many from the end. `limit`: so many at most, and about 4 MiB; `next` is where the next page begins, null at the end. `journal=1`: with the tokens of promises, for a worker',
  query: { from: between(0, 999_999_999, 0), last: between(0, EVENTS_PAGE_MAX, 0), limit: between(0, EVENTS_PAGE_MAX, 0), journal: between(0, 1, 0) },
  answers: { 200: History },
  async handle({ engine, params, query, runId }) {
    const { from = 0, last = 0, limit = 0, journal } = query
    const page = await engine.runs.events(params.namespace, await runId(), last === 0 ? from : -last, limit === 0 ? Number.POSITIVE_INFINITY : limit)
    const events = page.events.map(event => eventText(event, journal === 1)).join(',')
    return `{"events":[${events}],"from":${page.from},"next":${page.next},"total":${page.total}}`
  },
})

const logs = operation({
  name: 'runs.logs',
  method: 'GET',
  path: `${RUN}/logs`,
  summary: 'Log lines of a run, by time; `delivery` and `n` together name a line',
  query: { limit, cursor },
  answers: { 200: Logs },
  async handle({ engine, params, query, runId }) {
    const id = await runId()
    const page = await engine.runs.logs(params.namespace, id, { after: openCursor(query.cursor, ['logs', id]), limit: query.limit ?? PAGE_DEFAULT })
    return `{"lines":[${page.rows.map(logLineText).join(',')}],"next":${JSON.stringify(sealCursor(page.next, ['logs', id]))}}`
  },
})

const explain = operation({
  name: 'runs.explain',
  method: 'GET',
  path: `${RUN}/explain`,
  summary: 'Everything that keeps a run from running, or what ended it',
  answers: { 200: Explanation },
  async handle({ engine, params, runId }) {
    return JSON.stringify(explanationJson(await engine.runs.explain(params.namespace, await runId())))
  },
})

const tasks = operation({
  name: 'runs.tasks',
  method: 'GET',
  path: `${RUN}/tasks`,
  summary: "How the tasks of a DAG's run stand, in the order in which they may run: their runs, what they wait for, and how that has ended",
  query: { limit, from: between(0, 999_999, 0) },
  answers: { 200: DagTasks },
  async handle({ engine, params, query: { from = 0, limit: count = PAGE_DEFAULT }, runId }) {
    const page = await engine.runs.tasks(params.namespace, await runId(), { from, limit: count })
    const told = page.tasks.map(task => ({ ...task, startedAt: instantOrNull(task.startedAt), closedAt: instantOrNull(task.closedAt) }))
    return JSON.stringify({ ...page, tasks: told })
  },
})

const items = operation({
  name: 'runs.items',
  method: 'GET',
  path: `${RUN}/tasks/{name}/items`,
  summary: 'How the items of a mapped task stand, each with its run and when that began and closed',
  query: { limit, from: between(0, 999_999, 0) },
  answers: { 200: DagItems },
  async handle({ engine, params, query: { from = 0, limit: count = PAGE_DEFAULT }, runId }) {
    const page = await engine.runs.items(params.namespace, await runId(), params.name, { from, limit: count })
    const told = page.items.map(item => ({ ...item, startedAt: instantOrNull(item.startedAt), closedAt: instantOrNull(item.closedAt) }))
    return JSON.stringify({ ...page, items: told })
  },
})

const related = operation({
  name: 'runs.related',
  method: 'GET',
  path: `${RUN}/related`,
  summary: 'Retries before and after a run, what started it, and what it started',
  answers: { 200: RelatedRuns },
  async handle({ engine, params, runId }) {
    const { chain, parent, children, schedule, batch, more } = await engine.runs.related(params.namespace, await runId())
    return JSON.stringify({
      chain: chain.map(runJson),
      parent: parent && runJson(parent),
      children: children.map(runJson),
      schedule: schedule && { name: schedule.schedule, n: schedule.n, nominalAt: formatInstant(schedule.nominalAt), source: schedule.source },
      batch,
      more,
    })
  },
})

const command = (name: 'cancel' | 'terminate', summary: string) =>
  operation({
    name: `runs.${name}`,
    method: 'POST',
    path: `${RUN}/${name}`,
    summary,
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params, body, runId, command }) {
      const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
      await engine.runs[name](params.namespace, await runId(), { ...command(), why })
      return '{}'
    },
  })

const resume = operation({
  name: 'runs.resume',
  method: 'POST',
  path: `${RUN}/resume`,
  summary:
    'Let a parked run go on with all its attempts again, or a stuck one take the input that it choked on again; a workflow with `version`: go on with that version of its code alone',
  body: { schema: ResumeBody, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, body, runId, command }) {
    const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
    const chosen = body.version === undefined ? {} : { version: body.version }
    await engine.runs.resume(params.namespace, await runId(), { ...command(), why, ...chosen })
    return '{}'
  },
})

const signal = operation({
  name: 'runs.signal',
  method: 'POST',
  path: `${RUN}/signals/{name}`,
  summary: 'Tell a workflow, or the run of a DAG, something; kept until its code, or a task, waits for a signal of this name',
  body: { schema: Signal, raw: { payload: 'raw' }, optional: true },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads, runId, command }) {
    const payload = body.payload === undefined ? null : payloadOf(body.payload, payloads)
    await engine.runs.signal(params.namespace, await runId(), { name: params.name, payload }, command())
    return '{}'
  },
})

const signals = operation({
  name: 'runs.signals',
  method: 'POST',
  path: `${RUN}/signals`,
  summary: 'Tell a workflow several things, in their order and in one commit; those behind the first `taken` found no room: send them again',
  body: { schema: Signals, raw: { signals: [{ payload: 'raw' }] } },
  answers: { 200: object({ taken: Type.Integer({ description: 'so many of the first are kept: one at least' }) }, 'Signalled') },
  async handle({ engine, params, body, payloads, runId, command }) {
    const given = body.signals.map(({ name, payload }) => ({ name, payload: payload === undefined ? null : payloadOf(payload, payloads) }))
    return `{"taken":${await engine.runs.signals(params.namespace, await runId(), given, command())}}`
  },
})

const retry = operation({
  name: 'runs.retry',
  method: 'POST',
  path: `${RUN}/retry`,
  summary: 'Start a new run from a closed one, linked to it; with other input if given; `force`: also where another holds its unique key',
  body: { schema: RetryBody, raw: { input: 'raw' }, optional: true },
  answers: { 200: RunRef },
  async handle({ engine, params, body, payloads, runId, command }) {
    const input = body.input === undefined ? {} : { input: payloadOf(body.input, payloads) }
    const force = body.force === undefined ? {} : { force: body.force }
    const id = await runId()
    if (input.input !== undefined)
      checkInputOfDag(engine, params.namespace, (await engine.runs.get(params.namespace, id)).definition, input.input, '')
    const run = await engine.runs.retry(params.namespace, id, { ...command(), ...input, ...force })
    return `{"run":${quote(run)}}`
  },
})

const change = operation({
  name: 'runs.change',
  method: 'POST',
  path: `${RUN}/change`,
  summary: 'Change when a run is due, its priority, queue or input, as long as it waits',
  body: { schema: ChangeBody, raw: { input: 'raw' } },
  answers: { 200: Empty },
  async handle({ engine, params, body, payloads, runId, command }) {
    const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
    await engine.runs.change(params.namespace, await runId(), changeOf(body, payloads), { ...command(), why })
    return '{}'
  },
})

export const runs: Operation[] = [
  start,
  startMany,
  list,
  histogram,
  get,
  closed,
  history,
  logs,
  explain,
  tasks,
  items,
  related,
  command('cancel', 'Ask a run to stop: a running handler’s signal aborts, anything else is closed at once'),
  command('terminate', 'Close a run at once; a running handler is told that its lease is lost'),
  signal,
  signals,
  retry,
  resume,
  change,
]
