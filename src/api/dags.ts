import { Type } from 'typebox'
import { type DagGrid as Grid, TRIGGER_RULES } from '../engine/face.ts'
import { Counts, object, orNull, State, Time } from './answers.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { formatInstant } from './instants.ts'
import { cursor, name, type Operation, operation, upTo } from './operation.ts'
import { instantOrNull } from './views.ts'

const DEFINITION = '/v1/namespaces/{namespace}/definitions/{name}'
/** Runs in one page of a grid: each may have 20,000 letters. */
const GRID_MAX = 100
const GRID_DEFAULT = 50
/** Closed runs whose durations are told at once. */
const DURATIONS_MAX = 200

const DagGraph = object(
  {
    definition: Type.String(),
    version: Type.String(),
    tasks: Type.Array(
      object({
        task: Type.String(),
        job: orNull(Type.String()),
        rule: Type.Enum([...TRIGGER_RULES]),
        is: orNull(Type.Enum(['branch', 'short_circuit', 'setup', 'teardown', 'approval', 'wait'])),
        mapped: Type.Boolean({ description: 'it runs once for each item of a list' }),
        group: orNull(Type.String()),
        after: Type.Array(Type.Integer(), { description: 'numbers of the tasks that it waits for: groups and what inputs name are resolved' }),
      }),
      { description: 'in the order in which they may run: the first is number 0' },
    ),
    groups: Type.Array(object({ group: Type.String(), in: orNull(Type.String()), description: orNull(Type.String()), mapped: Type.Boolean() })),
  },
  'DagGraph',
)
const DagGrid = object(
  {
    runs: Type.Array(
      object(
        {
          run: Type.String(),
          state: State,
          version: Type.String({ description: "whose graph's tasks these are" }),
          createdAt: Time,
          startedAt: orNull(Time),
          closedAt: orNull(Time),
          nominalTime: { ...Time, description: 'the time that the run is for' },
          tasks: Type.String({
            description:
              'a letter for each task: . waiting, q ready, r started, s success, f failed, k skipped, u upstream_failed, x removed; of a mapped one the worst of its items',
          }),
          items: Type.Record(Type.String(), Counts, { description: 'by number of a mapped task: how many of its items stand so' }),
        },
        'DagGridRun',
      ),
    ),
    next: orNull(Type.String()),
  },
  'DagGrid',
)

const usual = { p50: Type.Number(), p95: Type.Number() }
const Usual = orNull(object(usual))
const DagDurations = object(
  {
    runs: Type.Array(
      object({
        run: Type.String(),
        state: State,
        createdAt: Time,
        startedAt: orNull(Time),
        closedAt: orNull(Time),
        ms: orNull(Type.Number({ description: 'from when its first task was asked for until it closed' })),
        taskMs: orNull(Type.Number({ description: 'of the task that was asked for; null: it did not run in it' })),
      }),
      { description: 'that have closed, newest first' },
    ),
    runMs: Usual,
    tasks: Type.Array(
      object(
        { task: Type.String(), runs: Type.Integer({ description: 'in how many of them it ran' }), ...usual, lastMs: Type.Number() },
        'DagTaskDurations',
      ),
    ),
    tasksOf: Type.Integer({ description: 'of so many of the runs the tasks were read: of the newest, 20,000 runs of tasks at most' }),
  },
  'DagDurations',
)

const TaskCache = object(
  {
    definition: Type.String(),
    task: Type.String(),
    ttl: orNull(Type.Number({ description: 'milliseconds, of the newest version; null: what is kept counts however old it is' })),
    count: Type.Integer({ description: 'results that are kept, at most 1,000' }),
    length: Type.Integer({ description: 'of their keys and outputs, in characters, at most 1 MiB' }),
    entries: Type.Array(object({ key: Type.String(), at: Time, run: Type.String({ description: 'which gave it' }) }), {
      description: 'newest first, 100 at most',
    }),
  },
  'TaskCache',
)

const cache = operation({
  name: 'definitions.cache',
  method: 'GET',
  path: `${DEFINITION}/cache`,
  summary: 'What is kept of the results of a task (`task`), by key',
  query: { task: name },
  answers: { 200: TaskCache },
  async handle({ engine, params, query: { task = '' } }) {
    const { ttlMs: ttl, entries, ...rest } = await engine.definitions.cache(params.namespace, params.name, task)
    return JSON.stringify({ ...rest, ttl, entries: entries.map(({ at, ...entry }) => ({ ...entry, at: formatInstant(at) })) })
  },
})

const uncache = operation({
  name: 'definitions.uncache',
  method: 'DELETE',
  path: `${DEFINITION}/cache`,
  summary: 'Throw away what is kept of the results of a task (`task`): all of it, or of one key (`key`)',
  query: { task: name, key: name },
  answers: { 200: object({ forgotten: Type.Integer({ description: 'results that are kept no more' }) }, 'Uncached') },
  handle: async ({ engine, params, query: { task = '', key }, command }) =>
    JSON.stringify(await engine.definitions.uncache(params.namespace, params.name, task, { ...command(), ...(key !== undefined && { key }) })),
})

const graph = operation({
  name: 'definitions.graph',
  method: 'GET',
  path: `${DEFINITION}/graph`,
  summary: 'The tasks of a DAG in the order in which they may run, and which wait for which; `version`: default the newest',
  query: { version: name },
  answers: { 200: DagGraph },
  handle: async ({ engine, params, query }) => JSON.stringify(engine.definitions.graph(params.namespace, params.name, query.version ?? null)),
})

const grid = operation({
  name: 'definitions.grid',
  method: 'GET',
  path: `${DEFINITION}/grid`,
  summary: "How the tasks of a DAG's newest runs stand, a letter each",
  query: { limit: upTo(GRID_MAX, GRID_DEFAULT), cursor },
  answers: { 200: DagGrid },
  async handle({ engine, params, query }) {
    const listed = ['grid', params.namespace, params.name]
    const page = await engine.definitions.grid(params.namespace, params.name, {
      after: openCursor(query.cursor, listed),
      limit: query.limit ?? GRID_DEFAULT,
    })
    return JSON.stringify({ runs: page.runs.map(runJson), next: sealCursor(page.next, listed) })
  },
})

const durations = operation({
  name: 'definitions.durations',
  method: 'GET',
  path: `${DEFINITION}/durations`,
  summary: "How long a DAG's newest closed runs took, and each of its tasks; `task`: this one run by run",
  query: { limit: upTo(DURATIONS_MAX, GRID_DEFAULT), task: name },
  answers: { 200: DagDurations },
  async handle({ engine, params, query: { limit = GRID_DEFAULT, task = null } }) {
    const { runs, ...rest } = await engine.definitions.durations(params.namespace, params.name, { task, limit })
    const told = runs.map(({ createdAt, startedAt, closedAt, ...run }) => ({
      ...run,
      createdAt: formatInstant(createdAt),
      startedAt: instantOrNull(startedAt),
      closedAt: instantOrNull(closedAt),
    }))
    return JSON.stringify({ runs: told, ...rest })
  },
})

function runJson({ nominalAt, createdAt, startedAt, closedAt, ...run }: Grid['runs'][number]): object {
  const times = { createdAt: formatInstant(createdAt), startedAt: instantOrNull(startedAt), closedAt: instantOrNull(closedAt) }
  return { ...run, ...times, nominalTime: formatInstant(nominalAt) }
}

export const dags: Operation[] = [graph, grid, durations, cache, uncache]
