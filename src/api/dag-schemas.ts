import { type Static, Type } from 'typebox'
import { NAME_LENGTH_MAX } from '../core/bounds.ts'
import { DAG_ACTIVE_MAX, DAG_GROUPS_MAX, DAG_MAP_ITEMS_MAX, DAG_TASKS_MAX, TRIGGER_RULES } from '../engine/face.ts'
import { closed, count, list, Name, Note, Payload, runOptions } from './schemas.ts'

/** DAGs: tasks by id. What the form does not say (cycles, who is not there) the engine refuses under `invalid-dag`. */

const ID = `[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]{0,${NAME_LENGTH_MAX - 1}}`
const Id = Type.String({
  pattern: `^${ID}$`,
  description: `the id of a task or group: 1 to ${NAME_LENGTH_MAX} letters, digits, _, - and dots`,
})
const byId = <S extends ReturnType<typeof closed>>(value: S, most: number, what: string) =>
  Type.Record(Type.String({ pattern: `^(?!__proto__$)${ID}$` }), value, {
    additionalProperties: false,
    maxProperties: most,
    description: `at most ${most} ${what} by id: 1 to ${NAME_LENGTH_MAX} letters, digits, _, - and dots`,
  })
const Template = Type.Unknown({
  description:
    'any JSON value; its texts may say {{output.TASK}}, {{output.TASK:path}}, {{input:path}}, {{item}}, {{index}}, {{run}}, {{nominalTime}}, {{nominalDate}}, {{intervalStart}}, {{intervalEnd}}',
})
const After = { ...list(Id, DAG_TASKS_MAX), description: 'ids of tasks, and of groups, that must have ended before' }
const concurrency = Type.Optional({ ...count(1, DAG_ACTIVE_MAX), description: `how many of its items at once, 1 to ${DAG_ACTIVE_MAX}` })
const Lists = Type.Record(Type.String({ pattern: `^(?!__proto__$)${ID}$` }), Template, {
  additionalProperties: false,
  maxProperties: 20,
  description: 'lists by name',
})
const Mapped = Type.Union([closed({ over: Template, concurrency }), closed({ zip: Lists, concurrency }), closed({ cross: Lists, concurrency })], {
  title: 'DagMap',
  description: `over: a list, or "{{output.TASK}}" of one; zip: several lists, item by item; cross: each with each; at most ${DAG_MAP_ITEMS_MAX} items`,
})
const Options = closed(runOptions, { title: 'DagTaskOptions', description: 'options of a run: queue, priority, retry, timeout, …' })
export const DagTask = closed(
  {
    job: Type.Optional({ ...Name, description: 'what does it: a job, a workflow or another DAG; none: its output is its input' }),
    description: Type.Optional(Note),
    after: Type.Optional(After),
    when: Type.Optional(Type.Enum([...TRIGGER_RULES])),
    input: Type.Optional(Template),
    options: Type.Optional(Options),
    map: Type.Optional(Mapped),
    branch: Type.Optional(Type.Boolean({ description: 'its output names those right after it that go on' })),
    shortCircuit: Type.Optional(Type.Enum(['all', 'direct'])),
    setup: Type.Optional(Type.Boolean()),
    teardown: Type.Optional(Type.Boolean()),
    failsRun: Type.Optional(Type.Boolean({ description: "of a teardown: its failure is the run's" })),
    group: Type.Optional(Id),
  },
  { title: 'DagTask' },
)
const DagGroup = closed({ description: Type.Optional(Note), after: Type.Optional(After), group: Type.Optional(Id) }, { title: 'DagGroup' })
const dag = {
  description: Type.Optional(Note),
  maxActiveTasks: Type.Optional({ ...count(1, DAG_ACTIVE_MAX), description: `tasks of a run at once, 1 to ${DAG_ACTIVE_MAX}` }),
  defaults: Type.Optional(Options),
  tasks: byId(DagTask, DAG_TASKS_MAX, 'tasks'),
  groups: Type.Optional(byId(DagGroup, DAG_GROUPS_MAX, 'groups')),
  output: Type.Optional(Template),
}
export const Dag = closed(dag, { title: 'Dag' })
/** Of a file: with what its runs have in common. */
export const NamedDag = closed(
  {
    name: Name,
    ...dag,
    schema: Type.Optional({ ...Payload, description: 'JSON Schema of the input of its runs' }),
    options: Type.Optional({ ...Options, description: 'options of its runs: timeout, retention, tags, …' }),
  },
  { title: 'NamedDag' },
)

export type DagBody = Static<typeof Dag>
export type NamedDagBody = Static<typeof NamedDag>
