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

const DagGraph = object(
  {
    definition: Type.String(),
    version: Type.String(),
    tasks: Type.Array(
      object({
        task: Type.String(),
        job: orNull(Type.String()),
        rule: Type.Enum([...TRIGGER_RULES]),
        is: orNull(Type.Enum(['branch', 'short_circuit', 'setup', 'teardown'])),
        mapped: Type.Boolean({ description: 'it runs once for each item of a list' }),
        group: orNull(Type.String()),
        after: Type.Array(Type.Integer(), { description: 'numbers of the tasks that it waits for: groups and what inputs name are resolved' }),
      }),
      { description: 'in the order in which they may run: the first is number 0' },
    ),
    groups: Type.Array(object({ group: Type.String(), in: orNull(Type.String()), description: orNull(Type.String()) })),
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

function runJson({ nominalAt, createdAt, startedAt, closedAt, ...run }: Grid['runs'][number]): object {
  const times = { createdAt: formatInstant(createdAt), startedAt: instantOrNull(startedAt), closedAt: instantOrNull(closedAt) }
  return { ...run, ...times, nominalTime: formatInstant(nominalAt) }
}

export const dags: Operation[] = [graph, grid]
