import type { Static } from 'typebox'
import { PAGE_DEFAULT } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import { durationMs } from '../core/time.ts'
import type { BatchItem, BatchStart, BatchStarted, BulkFilter, Callback, Change, Engine } from '../engine/face.ts'
import { BATCH_DEPTH_MAX } from '../engine/face.ts'
import { Empty } from './answers.ts'
import * as answers from './batch-answers.ts'
import * as schemas from './batch-schemas.ts'
import { batchJson } from './batch-views.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { optionsOf, payloadOf, startOf, storable } from './inputs.ts'
import { parseInstant } from './instants.ts'
import { cursor, limit, name, type Operation, operation } from './operation.ts'
import { problemJson } from './problem.ts'
import type { Place } from './raw.ts'
import { CommandBody, NOTE_LENGTH_MAX, type StartBody } from './schemas.ts'
import { runJson } from './views.ts'

const BATCHES = '/v1/namespaces/{namespace}/batches'
const BATCH = `${BATCHES}/{batch}`

const start = operation({
  name: 'batches.start',
  method: 'POST',
  path: BATCHES,
  summary: 'Start a batch of jobs: all or none; conflicts of keyed or unique ones are answered for each',
  body: { schema: schemas.Batch, raw: groupPlace(BATCH_DEPTH_MAX) },
  answers: { 200: answers.BatchStarted },
  async handle({ engine, params, body, payloads, by, callKey }) {
    return startedText(await engine.batches.start(params.namespace, groupOf(body as Group, payloads, '', 1), { callKey, by }))
  },
})

const add = operation({
  name: 'batches.add',
  method: 'POST',
  path: `${BATCH}/jobs`,
  summary: 'Start more jobs of a batch that is open',
  body: { schema: schemas.BatchJobs, raw: { jobs: [itemPlace(BATCH_DEPTH_MAX)] } },
  answers: { 200: answers.BatchStarted },
  async handle({ engine, params, body, payloads, by, callKey }) {
    const items = itemsOf((body as { jobs: Item[] }).jobs, payloads, '', 1)
    return startedText(await engine.batches.add(params.namespace, await batchId(engine, params), items, { callKey, by }))
  },
})

const bulk = operation({
  name: 'batches.bulk',
  method: 'POST',
  path: `${BATCHES}/bulk`,
  summary: 'Cancel, terminate, retry, resume, change or delete all runs that match, page by page; it is followed as a batch',
  body: { schema: schemas.Bulk },
  answers: { 200: answers.BulkStarted },
  async handle({ engine, params, body, command, context }) {
    const { name, operation: wanted, change, why } = body
    const asked = {
      operation: wanted,
      filter: await filterOf(engine, params.namespace, body.filter),
      ...(name === undefined ? {} : { name }),
      ...(change === undefined ? {} : { change: changeOf(change, context.now()) }),
    }
    const note = why === undefined ? null : storable(why, NOTE_LENGTH_MAX)
    return JSON.stringify(await engine.batches.bulk(params.namespace, asked, { ...command(), why: note }))
  },
})

const preview = operation({
  name: 'batches.preview',
  method: 'POST',
  path: `${BATCHES}/preview`,
  summary: 'What an operation on many runs would touch now; nothing is changed',
  body: { schema: schemas.BulkPreview },
  answers: { 200: answers.BulkPreview },
  async handle({ engine, params, body }) {
    const filter = await filterOf(engine, params.namespace, body.filter)
    const { runs, ...rest } = await engine.batches.preview(params.namespace, { operation: body.operation, filter })
    return JSON.stringify({ ...rest, runs: runs.map(runJson) })
  },
})

const list = operation({
  name: 'batches.list',
  method: 'GET',
  path: BATCHES,
  summary: 'List batches of both sorts, newest first; `schedule`: the backfills of one',
  query: { limit, cursor, schedule: name },
  answers: { 200: answers.BatchList },
  async handle({ engine, params, query }) {
    const listed = ['batches', params.namespace, query.schedule]
    const asked = { after: openCursor(query.cursor, listed), limit: query.limit ?? PAGE_DEFAULT }
    const page = await engine.batches.list(params.namespace, asked, query.schedule === undefined ? undefined : { schedule: query.schedule })
    return JSON.stringify({ batches: page.rows.map(batchJson), next: sealCursor(page.next, listed) })
  },
})

const get = operation({
  name: 'batches.get',
  method: 'GET',
  path: BATCH,
  summary: 'Get a batch: its jobs by how they ended, or how far its operation has come',
  answers: { 200: answers.Batch },
  handle: async ({ engine, params }) => JSON.stringify(batchJson(await engine.batches.get(params.namespace, await batchId(engine, params)))),
})

const command = (name: 'seal' | 'pause' | 'resume' | 'cancel', summary: string) =>
  operation({
    name: `batches.${name}`,
    method: 'POST',
    path: `${BATCH}/${name}`,
    summary,
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params, body, command }) {
      const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
      await engine.batches[name](params.namespace, await batchId(engine, params), { ...command(), why })
      return '{}'
    },
  })

export const batches: Operation[] = [
  start,
  add,
  command('seal', 'Take no more jobs: the batch ends once those that it has have ended'),
  bulk,
  preview,
  list,
  get,
  command('pause', 'Pause an operation between two pages'),
  command('resume', 'Let a paused operation go on'),
  command('cancel', 'End an operation after the page under way; of a batch of jobs: ask the open ones to stop'),
]

type Group = Omit<Static<typeof schemas.Batch>, 'jobs'> & { jobs?: Item[] }
type Item = StartBody | { batch: Group }

/** Where payloads are, as deep as batches are nested. */
function groupPlace(depth: number): Place {
  const callback: Place = { input: 'raw' }
  return { jobs: [itemPlace(depth)], onFirstFailure: callback, onComplete: callback, onSuccess: callback }
}
function itemPlace(depth: number): Place {
  return { input: 'raw', metadata: 'raw', ...(depth > 1 ? { batch: groupPlace(depth - 1) } : {}) }
}

function groupOf(body: Group, payloads: readonly string[], at: string, depth: number): BatchStart {
  const { name = 'batch', jobs = [], open = false, onFirstFailure, onComplete, onSuccess, tags, retention } = body
  const callback = (given: typeof onComplete, place: string): Callback | undefined =>
    given && {
      definition: given.definition,
      input: given.input === undefined ? null : payloadOf(given.input, payloads),
      options: given.options === undefined ? {} : optionsOf(given.options, `${at}/${place}/options`),
    }
  const callbacks = {
    firstFailure: callback(onFirstFailure, 'onFirstFailure'),
    complete: callback(onComplete, 'onComplete'),
    success: callback(onSuccess, 'onSuccess'),
  }
  return {
    name,
    items: itemsOf(jobs, payloads, at, depth),
    open,
    callbacks: Object.fromEntries(Object.entries(callbacks).filter(([, given]) => given !== undefined)),
    ...(tags === undefined ? {} : { tags }),
    ...(retention === undefined ? {} : { retentionMs: durationMs(retention, `${at}/retention`) }),
  }
}

function itemsOf(jobs: readonly Item[], payloads: readonly string[], at: string, depth: number): BatchItem[] {
  return jobs.map((item, index) => {
    const place = `${at}/jobs/${index}`
    if (!('batch' in item)) {
      const { trigger: _, ...request } = startOf(item, payloads, null, place)
      return { is: 'job', start: request }
    }
    if (depth === BATCH_DEPTH_MAX)
      throw new UserError('invalid-option', { at: `${place}/batch`, hint: `batches are nested ${BATCH_DEPTH_MAX} deep at most` })
    return { is: 'batch', batch: groupOf(item.batch, payloads, `${place}/batch`, depth + 1) }
  })
}

function startedText({ batch, existing, started, conflicts }: BatchStarted): string {
  return JSON.stringify({
    batch,
    is: existing ? 'existing' : 'started',
    started,
    conflicts: conflicts.map(({ index, answer }) => ({
      index,
      answer: answer.is === 'refused' ? { is: answer.is, problem: problemJson(answer.problem) } : answer,
    })),
  })
}

async function filterOf(engine: Engine, namespace: string, body: Static<typeof schemas.Bulk>['filter']): Promise<BulkFilter> {
  const filter: BulkFilter = {}
  if (body.state !== undefined) filter.states = body.state
  if (body.definition !== undefined) filter.names = body.definition
  if (body.queue !== undefined) filter.queues = body.queue
  if (body.tags !== undefined) filter.tags = body.tags
  if (body.createdAfter !== undefined) filter.createdAfter = parseInstant(body.createdAfter, '/filter/createdAfter')
  if (body.createdBefore !== undefined) filter.createdBefore = parseInstant(body.createdBefore, '/filter/createdBefore')
  if (body.reason !== undefined) filter.reason = body.reason
  if (body.error !== undefined) filter.error = body.error
  if (body.runs !== undefined) filter.runs = body.runs
  if (body.batch !== undefined) filter.batch = await batchId(engine, { namespace, batch: body.batch })
  return filter
}

function changeOf({ at, delay, now: soon, priority, queue }: NonNullable<Static<typeof schemas.Bulk>['change']>, now: number): Change {
  const times = [at, delay, soon].filter(given => given !== undefined)
  if (times.length > 1)
    throw new UserError('invalid-option', { at: '/change', hint: 'at, delay and now cannot be combined: all say when the runs are due' })
  const change: Change = {}
  if (at !== undefined) change.due = parseInstant(at, '/change/at')
  if (delay !== undefined) change.due = now + durationMs(delay, '/change/delay')
  if (soon === true) change.due = 'now'
  if (priority !== undefined) change.priority = priority
  if (queue !== undefined) change.queue = queue
  if (Object.keys(change).length === 0) throw new UserError('invalid-option', { at: '/change', hint: 'say what is to become of the runs' })
  return change
}

const ENDING = /^[0-9a-hjkmnp-tv-z]{1,26}$/

/** Whole, or any ending that only one run has. */
export async function batchId(engine: Engine, { namespace, batch }: { namespace: string; batch: string }): Promise<string> {
  const missing = new UserError('batch-not-found', { found: batch.slice(0, 100), hint: 'a batch is named by its id or the last characters of it' })
  if (!ENDING.test(batch)) throw missing
  try {
    return await engine.runs.resolve(namespace, batch)
  } catch (error) {
    throw error instanceof UserError && error.code === 'run-not-found' ? missing : error
  }
}
