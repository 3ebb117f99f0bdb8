import * as check from '../checks.ts'
import { currentClient } from '../current.ts'
import type { Duration } from '../duration.ts'
import { InvalidOption } from '../errors.ts'
import type { RunHandle } from '../handle.ts'
import type { AnyHandler, AnyJob, Job, StartItem } from '../job.ts'
import type { JobOptions, RunOptions, StartOptions } from '../options.ts'
import type { RuleOptions } from '../rule-options.ts'
import { isSchedule, type Schedule, type ScheduleOptions, schedule } from '../schedule.ts'
import { type InferInput, type InferOutput, jsonSchemaOf, type StandardSchema } from '../schema.ts'
import { contentVersion } from '../version.ts'
import type { WireDag, WireDefinition } from '../wire.ts'
import type { WireWeightRule } from '../wire-dags.ts'
import { definitionOptions } from '../wire-options.ts'
import { lockRuns } from '../workflow/lock-runs.ts'
import { locksNamedBy } from '../workflow/locks.ts'
import { queuedStepsOf } from '../workflow/queued.ts'
import { DagBuilder, type Ref } from './builder.ts'

/**
 * Defines a DAG: tasks that wait for one another, each a run of its own with its own retries, queue and limits. The function is called once, here, and says which
 * tasks there are; what a task gives is typed into those that come after it.
 *
 * ```ts
 * export const sales = dag('sales', { schedule: { cron: '0 2 * * *', timezone: 'Europe/Berlin' } }, d => {
 *   const files = d.task('list', async (_, { interval }) => listFiles(interval.start, interval.end))
 *   const clean = d.map('clean', files, async file => cleaned(file), { concurrency: 20 })
 *   return d.task('publish', { after: clean, when: 'none_failed', pool: 'warehouse' }, async parts => publish(parts))
 * })
 * ```
 * A task that is returned gives the output of the run. The jobs of its tasks are called `sales.list` and so on, and are served by whoever has the DAG.
 * @throws InvalidOption at once, with the option's place.
 */
export function dag<Output = undefined, Input = unknown>(name: string, build: DagFunction<Input, Output>): Dag<Input, Output>
export function dag<Schema extends StandardSchema, Output = undefined>(
  name: string,
  options: DagOptions & { input: Schema },
  build: DagFunction<InferOutput<Schema>, Output>,
): Dag<InferInput<Schema>, Output>
export function dag<Output = undefined, Input = unknown>(
  name: string,
  options: DagOptions & { input?: undefined },
  build: DagFunction<Input, Output>,
): Dag<Input, Output>
export function dag(name: string, ...rest: [AnyDagFunction] | [DagOptions, AnyDagFunction]): Dag<unknown, unknown> {
  const [options, build] = rest.length === 1 ? [{}, rest[0]] : rest
  check.name(name, '/name')
  if (typeof build !== 'function')
    throw new InvalidOption(`DAG "${name}" has no function.`, {
      at: '/build',
      found: build,
      hint: "the function comes last: dag('name', options, d => { … })",
    })
  return new DefinedDag(name, options, build)
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is of type void
export type DagFunction<Input, Output> = (d: DagBuilder<Input>) => Ref<Output> | void
// biome-ignore lint/suspicious/noExplicitAny: a function of anything
type AnyDagFunction = DagFunction<any, any>

export interface DagOptions extends Pick<RunOptions, 'priority' | 'retention' | 'tags'>, Pick<RuleOptions, 'notify'> {
  /** Any Standard Schema: types the input of the run (`d.input`) and refuses a bad one before it is sent. */
  input?: StandardSchema
  description?: string
  /** From due to the end, of a run: it ends as `timed_out`, and what runs is asked to stop. Default: none. */
  timeout?: { total: NonNullable<RunOptions['expires']> }
  /** Tasks of a run at once, 1 to 1,000. Default 1,000. */
  maxActiveTasks?: number
  /** Runs whose tasks may run at once, 1 to 10,000; further ones are queued, and begin in the order of the times that they are for. Default: any number. */
  maxActiveRuns?: number
  /** Priorities of tasks: their own (`absolute`, the default), with those of all that wait for them (`downstream`), with those of all that they wait for. */
  weightRule?: WireWeightRule
  /**
   * By when a run is to have closed, counted from when it was due (`queued`), when its tasks could begin (`started`), or the time that it is for (`nominal`): a run of the
   * job is told where it has not, with `{ event: 'deadline', run, definition, deadline, at }`, and so is who listens to `deadline` in `notify`.
   */
  deadlines?: readonly { from: 'queued' | 'started' | 'nominal'; within: Duration; job?: AnyJob | string }[]
  /** Options of every task, under its own. */
  defaults?: Pick<RunOptions, 'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'labels' | 'tags'>
  /** A schedule of the same name that starts it. */
  schedule?: ScheduleOptions
  /** Default: a hash of name, options, schema and tasks. */
  version?: string
}

/** Started and scheduled as a job is. */
export interface Dag<Input, Output> extends Job<Input, Output> {
  /** What its tasks do. */
  readonly tasks: readonly AnyJob[]
  readonly schedule: Schedule | null
}
// biome-ignore lint/suspicious/noExplicitAny: a DAG of anything
export type AnyDag = Dag<any, any>

/** Of any copy of the SDK. */
export function isDag(value: unknown): value is AnyDag {
  const { definition, tasks } = (value ?? {}) as Partial<AnyDag>
  return definition?.kind === 'dag' && Array.isArray(tasks)
}

/** What a list of jobs stands for, once the tasks of its DAGs, and their schedules, and the queued steps and locks of its workflows stand beside them. */
export function withTasks(jobs: readonly AnyJob[]): { jobs: AnyJob[]; schedules: Schedule[] } {
  const dags = jobs.filter(isDag)
  const locks = jobs.flatMap(one => Object.entries(locksNamedBy(one)).flatMap(([name, { permits }]) => lockRuns(name, permits)))
  const parts = [...dags.flatMap(one => one.tasks), ...jobs.flatMap(one => Object.values(queuedStepsOf(one))), ...locks]
  const tasks = parts.filter(task => !jobs.includes(task))
  return { jobs: [...jobs, ...new Set(tasks)], schedules: dags.flatMap(one => (isSchedule(one.schedule) ? [one.schedule] : [])) }
}

const OPTIONS = [
  'input',
  'description',
  'timeout',
  'maxActiveTasks',
  'maxActiveRuns',
  'weightRule',
  'deadlines',
  'notify',
  'defaults',
  'schedule',
  'version',
  'priority',
  'retention',
  'tags',
]

class DefinedDag implements Dag<unknown, unknown> {
  readonly name: string
  readonly options: JobOptions
  readonly definition: WireDefinition
  readonly tasks: readonly AnyJob[]
  readonly schedule: Schedule | null
  constructor(name: string, options: DagOptions, build: AnyDagFunction) {
    for (const option of Object.keys(options))
      if (!OPTIONS.includes(option)) check.refuse(option, `/${option}`, `a DAG has ${OPTIONS.join(', ')}`, 'There is no such option')
    const { input, description, maxActiveTasks, maxActiveRuns, weightRule, deadlines, defaults, schedule: times, version, ...own } = options
    this.name = name
    this.options = { ...own, ...(input && { input }) }
    const builder = new DagBuilder<unknown>(name)
    const output = build(builder)
    const { tasks, groups, jobs } = builder.built()
    this.tasks = jobs
    const wire = definitionOptions(own)
    const schema = input && jsonSchemaOf(input)
    const spec: WireDag = {
      ...(description !== undefined && { description }),
      ...(maxActiveTasks !== undefined && { maxActiveTasks: check.integer(1, 1_000)(maxActiveTasks, '/maxActiveTasks') }),
      ...(maxActiveRuns !== undefined && { maxActiveRuns: check.integer(1, 10_000)(maxActiveRuns, '/maxActiveRuns') }),
      ...(weightRule !== undefined && { weightRule }),
      ...(deadlines !== undefined && {
        deadlines: deadlines.map(({ job, ...deadline }) => ({
          ...deadline,
          ...(job !== undefined && { job: typeof job === 'string' ? job : job.name }),
        })),
      }),
      ...(defaults !== undefined && { defaults: definitionOptions(defaults) as WireDag['defaults'] & {} }),
      tasks,
      ...(Object.keys(groups).length > 0 && { groups }),
      ...(output !== undefined && { output: output.template }),
    }
    const code = { kind: 'dag', name, options: wire, schema, dag: spec }
    this.definition = {
      kind: 'dag',
      name,
      version: version ?? contentVersion(code),
      options: wire,
      ...(schema !== undefined && { schema }),
      dag: spec,
    }
    this.schedule = times === undefined ? null : schedule(name, times, this as Dag<undefined, unknown>)
  }
  get version(): string {
    return this.definition.version
  }
  readonly handler: AnyHandler = () => {
    throw new Error(`DAG "${this.name}" is run by the server; a worker runs its tasks`)
  }
  start(input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>> {
    return currentClient().start(this, input, options)
  }
  startMany(items: readonly StartItem<unknown>[], options?: StartOptions): Promise<RunHandle<unknown>[]> {
    return currentClient().startMany(this, items, options)
  }
}
