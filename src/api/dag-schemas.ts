import { type Static, Type } from 'typebox'
import { NAME_LENGTH_MAX } from '../core/bounds.ts'
import { WEIGHT_MAX } from '../core/limits.ts'
import {
  DAG_ACTIVE_MAX,
  DAG_ACTIVE_RUNS_MAX,
  DAG_AWAITED_TASKS_MAX,
  DAG_DEADLINES_MAX,
  DAG_GROUPS_MAX,
  DAG_MAP_ITEMS_MAX,
  DAG_TASKS_MAX,
  DEADLINE_REFERENCES,
  TASK_ENDINGS,
  TRIGGER_RULES,
  WEIGHT_RULES,
} from '../engine/face.ts'
import { Notify } from './notifications.ts'
import { closed, count, Duration, list, Name, NOTE_LENGTH_MAX, Note, Payload, runOptions } from './schemas.ts'

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
    'any JSON value; its texts may say {{output.TASK}}, {{output.TASK:path}}, {{input:path}}, {{item}}, {{index}}, {{callback.TASK}}, {{run}}, {{nominalTime}}, {{nominalDate}}, {{intervalStart}}, {{intervalEnd}}',
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
const WeightRule = Type.Enum([...WEIGHT_RULES], {
  description:
    'how its priority follows: its own (absolute), with those of all that wait for it (downstream), with those of all that it waits for (upstream)',
})
const DagApproval = closed(
  {
    subject: Type.String({ pattern: '\\S', maxLength: NOTE_LENGTH_MAX, description: 'what is asked, in a line; placeholders as in an input' }),
    body: Type.Optional(Type.String({ maxLength: 20_000, description: 'what one should know to answer; placeholders as in an input' })),
    form: Type.Optional({ ...Template, description: 'JSON Schema of what comes with an approval' }),
    assignees: Type.Optional({
      ...list(Type.String({ pattern: '\\S', maxLength: 1_000 }), 100),
      description: 'names of the API keys that may answer; default: any',
    }),
    deadline: Type.Optional({ ...Duration, description: 'from when it is asked; then `default` is the answer, and without one it times out' }),
    default: Type.Optional(Type.Enum(['approve', 'reject'])),
    onReject: Type.Optional(
      Type.Enum(['skip', 'fail', 'continue'], {
        description: 'a rejection skips what is right after it (default), fails the task, or is an answer like another',
      }),
    ),
  },
  { title: 'DagApproval' },
)
const Endings = (what: string) => Type.Optional({ ...list(Type.Enum([...TASK_ENDINGS]), TASK_ENDINGS.length), description: what })
const DagWait = closed(
  {
    signal: Type.Optional(
      Type.String({ pattern: '\\S', maxLength: NAME_LENGTH_MAX, description: 'a signal of this name to the run; its payload is the output' }),
    ),
    callback: Type.Optional(Type.Literal(true, { description: 'whoever has its token, {{callback.TASK}}, settles it, once' })),
    until: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX, description: 'a time, such as {{intervalEnd}} or 2026-03-01T09:00:00Z' })),
    plus: Type.Optional({ ...Duration, description: 'so long after it; without `until`: after the end of the interval' }),
    dag: Type.Optional({ ...Name, description: 'a run of this DAG, by the time that it is for' }),
    for: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX, description: 'that time; default: the one of this run, {{nominalTime}}' })),
    earlier: Type.Optional({ ...Duration, description: 'so much before that time' }),
    tasks: Type.Optional({ ...list(Id, DAG_AWAITED_TASKS_MAX), description: 'tasks of that run; default: the run itself' }),
    run: Type.Optional(
      Type.String({
        maxLength: NOTE_LENGTH_MAX,
        description: 'this run, of any kind, by its id, such as {{output.start:run}}: it ends when that run closes',
      }),
    ),
    states: Endings('how it is to have ended: a run succeeds or fails. Default: success'),
    failStates: Endings(
      'how it fails this task; default: with `dag` it waits on, for another run for that time, with `run` all that is not in `states`',
    ),
    skipStates: Endings('how it skips this task'),
    timeout: Type.Optional({ ...Duration, description: 'from when it begins to wait' }),
    default: Type.Optional({ ...Template, description: 'its output at the time-out; placeholders as in an input' }),
    onTimeout: Type.Optional(Type.Enum(['fail', 'skip'], { description: 'at the time-out it has failed (default), or is skipped' })),
  },
  { title: 'DagWait' },
)
const DagCache = closed(
  {
    key: Type.Optional({ ...Template, description: 'placeholders as in an input; default: the input' }),
    ttl: Type.Optional({ ...Duration, description: 'what is older does not count; default: however old' }),
  },
  { title: 'DagCache' },
)
export const DagTask = closed(
  {
    job: Type.Optional({ ...Name, description: 'what does it: a job, a workflow or another DAG; none: its output is its input' }),
    approval: Type.Optional({ ...DagApproval, description: 'a person does it, in place of a job' }),
    wait: Type.Optional({
      ...DagWait,
      description: 'it waits, without a slot, in place of a job: for a signal, a callback, a time, a run of another DAG, or a run by its id',
    }),
    description: Type.Optional(Note),
    after: Type.Optional(After),
    when: Type.Optional(Type.Enum([...TRIGGER_RULES])),
    input: Type.Optional(Template),
    options: Type.Optional(Options),
    map: Type.Optional(Mapped),
    cache: Type.Optional({ ...DagCache, description: 'what it gave for the same key is its output, and it does not run' }),
    branch: Type.Optional(Type.Boolean({ description: 'its output names those right after it that go on' })),
    shortCircuit: Type.Optional(Type.Enum(['all', 'direct'])),
    setup: Type.Optional(Type.Boolean()),
    teardown: Type.Optional(Type.Boolean()),
    failsRun: Type.Optional(Type.Boolean({ description: "of a teardown: its failure is the run's" })),
    dependsOnPast: Type.Optional(
      Type.Boolean({ description: 'it begins once the same task of the run for the time before has succeeded or was skipped' }),
    ),
    waitForDownstream: Type.Optional(Type.Boolean({ description: 'and once those right after it, of that run, have as well' })),
    pool: Type.Optional({ ...Name, description: 'it holds units of this pool while it runs' }),
    poolSlots: Type.Optional({ ...count(1, WEIGHT_MAX), description: 'units of the pool; default 1' }),
    weightRule: Type.Optional(WeightRule),
    group: Type.Optional(Id),
  },
  { title: 'DagTask' },
)
const DagGroup = closed(
  {
    description: Type.Optional(Note),
    after: Type.Optional(After),
    group: Type.Optional(Id),
    map: Type.Optional({ ...Mapped, description: 'its tasks run once for each item, each item by itself; concurrency: how many items at once' }),
  },
  { title: 'DagGroup' },
)
const dag = {
  description: Type.Optional(Note),
  maxActiveTasks: Type.Optional({ ...count(1, DAG_ACTIVE_MAX), description: `tasks of a run at once, 1 to ${DAG_ACTIVE_MAX}` }),
  maxActiveRuns: Type.Optional({
    ...count(1, DAG_ACTIVE_RUNS_MAX),
    description: 'runs whose tasks may run at once; further ones are queued, the earliest time first. Default: any number',
  }),
  weightRule: Type.Optional(WeightRule),
  deadlines: Type.Optional({
    ...list(
      closed({
        from: Type.Enum([...DEADLINE_REFERENCES], { description: 'when the run was due; when its tasks could begin; the time that it is for' }),
        within: Duration,
        job: Type.Optional({ ...Name, description: 'a run of it is told; none: whom notify names' }),
      }),
      DAG_DEADLINES_MAX,
    ),
    description: 'by when a run is to have closed',
  }),
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
    notify: Type.Optional(Notify),
    options: Type.Optional({ ...Options, description: 'options of its runs: timeout, retention, tags, …' }),
  },
  { title: 'NamedDag' },
)

export type ApprovalBody = Static<typeof DagApproval>
export type CacheBody = Static<typeof DagCache>
export type WaitBody = Static<typeof DagWait>
export type DagBody = Static<typeof Dag>
export type NamedDagBody = Static<typeof NamedDag>
