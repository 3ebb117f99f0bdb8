import type { Approval } from '../approvals.ts'
import type { JobContext } from '../context.ts'
import { type Duration, durationMs } from '../duration.ts'
import { InvalidOption } from '../errors.ts'
import { type AnyHandler, type AnyJob, type Job, job } from '../job.ts'
import type { JobOptions } from '../options.ts'
import { type InferOutput, jsonSchemaOf, type StandardSchema } from '../schema.ts'
import { Snooze } from '../snooze.ts'
import type { WireDag, WireDagTask, WireTriggerRule } from '../wire.ts'
import type { WireDagApproval, WireDagMap, WireDagWait, WireTaskEnding, WireWeightRule } from '../wire-dags.ts'
import { type Signal, signalOf } from '../workflow/signal.ts'

/** A task, or the run's input: what it gives is what those get that come after it. */
export interface Ref<Output> {
  /** The task's id; null: the run's input. */
  readonly id: string | null
  /** As an input says it. */
  readonly template: string
  /** Carries the type; never there. */
  readonly types?: Output
}
export type Task<Output> = Ref<Output> & { readonly id: string }
// biome-ignore lint/suspicious/noExplicitAny: of anything
type AnyRef = Ref<any>
export type After = AnyRef | readonly AnyRef[]
/** Of one its output, of a list the list of theirs. */
export type OutputOf<A> =
  A extends Ref<infer Output>
    ? Output
    : A extends readonly AnyRef[]
      ? { -readonly [K in keyof A]: A[K] extends Ref<infer Each> ? Each : never }
      : never
export interface Group {
  readonly id: string
  readonly isGroup: true
}

/** What the function of a task has beside its input. */
export interface DagContext extends JobContext {
  /** The time that the run is for: from the schedule's time before up to its own; of a run that no schedule started, both are its start. */
  readonly interval: { readonly start: Date; readonly end: Date }
  /** The run of the DAG, and what of it this is. */
  readonly dag: { readonly run: string; readonly task: string; readonly item?: number | undefined }
}

export type TaskFunction<Input, Output> = (input: Input, ctx: DagContext) => Output | Promise<Output>

/** Options of a task: those of a job, and when it runs. */
export interface DagTaskOptions extends Omit<JobOptions, 'input' | 'unique'> {
  /** What it waits for, whose outputs it gets. Default: nothing, and it gets the input of the run. */
  after?: After
  /** Tasks and groups that it waits for besides; it does not get their outputs. */
  waitFor?: Task<unknown> | Group | readonly (Task<unknown> | Group)[]
  /** How those must have ended. Default `'all_success'`. With another rule, what was skipped or has failed gives null. */
  when?: WireTriggerRule
  /** A limit that all jobs share that name it: `limits: [{ pool }]`. */
  pool?: string
  /** Units of the pool. Default 1. */
  poolSlots?: number
  /** It begins once the same task of the run for the time before has succeeded or was skipped. */
  dependsOnPast?: boolean
  /** And once those right after it, of that run, have as well. */
  waitForDownstream?: boolean
  weightRule?: WireWeightRule
  /** What it gave before for the same key, in any run, is its output, and it does not run. Failures and skips are not kept. Default: it always runs. */
  cache?: CacheOptions
  description?: string
}
/** When what a task gave before is taken in place of running it. */
export interface CacheOptions {
  /** Text or any JSON, with placeholders as in an input: `'{{nominalDate}}'`, `['v2', '{{item}}']`, `[list.template]`. Default: the task's input. */
  key?: unknown
  /** What is older does not count. Default: however old. */
  ttl?: Duration
}
export interface MapOptions extends Omit<DagTaskOptions, 'after'> {
  /** So many items at once, 1 to 1,000. */
  concurrency?: number
}

/** What a person is asked, and when. */
export interface ApprovalOptions extends Pick<DagTaskOptions, 'after' | 'waitFor' | 'when' | 'description' | 'dependsOnPast' | 'waitForDownstream'> {
  /** In a line. */
  subject: string
  /** What one should know to answer. */
  body?: string
  /** What comes with an approval: a Standard Schema that says itself in JSON Schema, or JSON Schema. The console draws it. */
  form?: StandardSchema | object
  /** Names of the API keys that may answer. Default: any. */
  assignees?: readonly string[]
  /** From when it is asked; then `default` is the answer, and without one it times out and has failed. Default: none. */
  deadline?: Duration
  default?: 'approve' | 'reject'
  /** A rejection skips what is right after it (`skip`, the default), fails the task, or is an answer like another. */
  onReject?: 'skip' | 'fail' | 'continue'
  /** The field `branch` of the form says which of the tasks right after it go on, by id. */
  branch?: boolean
}

/** Of a task that waits for something: when it begins to, and how long it does. */
export interface WaitOptions<Output = unknown>
  extends Pick<DagTaskOptions, 'after' | 'waitFor' | 'when' | 'description' | 'dependsOnPast' | 'waitForDownstream'> {
  /** From when it begins to wait; then it gives `default`, is skipped, or has timed out, which is a failure. Default: it waits for ever. */
  timeout?: Duration
  default?: Output
  onTimeout?: 'fail' | 'skip'
}
/** A time: a date, an ISO text, or a placeholder of one. Default: the end of the run's interval. `plus`: so long after it. */
export interface UntilOptions extends WaitOptions {
  until?: Date | string
  plus?: Duration
}
/** Which run of which DAG, and how it is to have ended. */
export interface OtherRunOptions extends WaitOptions {
  /** By its name, or itself. */
  dag: string | { readonly name: string }
  /** The time that it is for: a date, an ISO text, or a placeholder of one. Default: the time of this run. `earlier`: so much before that. */
  for?: Date | string
  earlier?: Duration
  /** Of it, these tasks, all of them. Default: the run. */
  tasks?: readonly string[]
  /** A run succeeds or fails. Default: success. What is in none of these lists is waited on with: for another run for that time. */
  states?: readonly WireTaskEnding[]
  failStates?: readonly WireTaskEnding[]
  skipStates?: readonly WireTaskEnding[]
}
/** What a task gives that has waited for a run of another DAG. `states`: of the run, or of each task. */
export interface OtherRun {
  readonly run: string
  readonly nominalTime: string
  readonly states: WireTaskEnding | Readonly<Record<string, WireTaskEnding>>
}

/** Which run, of whatever kind, and how it is to end. */
export interface ClosedRunOptions extends WaitOptions {
  /** Its id, as a text (one with placeholders, too), or what a task gives that is one. */
  run: string | Ref<string>
  /** It succeeds, or it fails: how it is to end. Default: success. What is neither in this list nor in `skipStates` fails this task. */
  states?: readonly ('success' | 'failed')[]
  skipStates?: readonly ('success' | 'failed')[]
}
/** What a task gives that has waited for a run by its id. */
export interface ClosedRun {
  readonly run: string
  readonly definition: string
  readonly state: 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'terminated'
}

type Told = Pick<WireDagTask, 'branch' | 'shortCircuit' | 'setup' | 'teardown' | 'failsRun'>

/** What is mapped over: what a task gives, a list, or several by `d.zip` and `d.cross`. */
export type List<Item> = Ref<readonly Item[]> | readonly Item[] | Lists<Item>
export interface Lists<Item> {
  readonly zip?: Readonly<Record<string, unknown>>
  readonly cross?: Readonly<Record<string, unknown>>
  /** Carries the type; never there. */
  readonly types?: Item
}
// biome-ignore lint/suspicious/noExplicitAny: of anything
type AnyList = Ref<readonly any[]> | readonly any[]
type ItemOf<L> = L extends readonly (infer Item)[] ? Item : L extends Ref<readonly (infer Item)[]> ? Item : never

interface Built {
  readonly tasks: WireDag['tasks']
  readonly groups: NonNullable<WireDag['groups']>
  readonly jobs: AnyJob[]
}

/** What the function of a DAG says its tasks with. */
export class DagBuilder<Input> {
  /** The input of the run. */
  readonly input: Ref<Input>
  readonly #name: string
  readonly #built: Built
  #group: string | null = null

  constructor(name: string, built: Built = { tasks: {}, groups: {}, jobs: [] }, input: Ref<Input> = { id: null, template: '{{input}}' }) {
    this.#name = name
    this.#built = built
    this.input = input
  }

  /** A task: a function, or another job, workflow or DAG. Example: `d.task('publish', { after: clean, retry: { attempts: 3 } }, async parts => …)`. */
  task<Output>(id: string, run: TaskFunction<Input, Output> | Job<Input, Output>): Task<Output>
  task<const A extends After, Output>(
    id: string,
    options: DagTaskOptions & { after: A },
    run: TaskFunction<OutputOf<A>, Output> | Job<OutputOf<A>, Output>,
  ): Task<Output>
  task<Output>(id: string, options: DagTaskOptions & { after?: undefined }, run: TaskFunction<Input, Output> | Job<Input, Output>): Task<Output>
  task(id: string, ...rest: [unknown] | [DagTaskOptions, unknown]): Task<unknown> {
    const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest
    return this.#add(id, options, run, {})
  }

  /** A task for each item of a list: what another task gave, or one of its own. Gives the list of their outputs, in the order of the items. */
  map<Item, Output>(id: string, list: List<Item>, run: TaskFunction<Item, Output> | Job<Item, Output>, options: MapOptions = {}): Task<Output[]> {
    const { concurrency, ...own } = options
    return this.#add(id, own, run, {}, { map: mapOf(list, concurrency), input: '{{item}}' }) as Task<Output[]>
  }

  /**
   * Tasks that run once for each item of a list, each item by itself: its second task begins when its first is done, whatever the other items do. In `build`, `d.input` is
   * the item, and a task without `after` gets it. What `build` returns is outside of the group the list of what it gave, in the order of the items.
   */
  mapGroup<Item, Output>(
    id: string,
    list: List<Item>,
    build: (d: DagBuilder<Item>) => Task<Output>,
    options?: { waitFor?: DagTaskOptions['waitFor']; description?: string; concurrency?: number },
  ): Task<Output[]> {
    const { waitFor, description, concurrency } = options ?? {}
    const inner = new DagBuilder<Item>(this.#name, this.#built, { id: null, template: '{{item}}' })
    const map = mapOf(list, concurrency)
    const own = this.#open(id, { ...(description !== undefined && { description }), map }, waitFor)
    inner.#group = own
    return build(inner) as unknown as Task<Output[]>
  }

  /** Lists item by item, as long as the shortest: an item is `{ a, b }`. For `map` and `mapGroup`. */
  zip<const Given extends Readonly<Record<string, AnyList>>>(lists: Given): Lists<{ [Name in keyof Given]: ItemOf<Given[Name]> }> {
    return { zip: templatesOf(lists) }
  }

  /** Each item of each list with each of the others: an item is `{ a, b }`. For `map` and `mapGroup`. */
  cross<const Given extends Readonly<Record<string, AnyList>>>(lists: Given): Lists<{ [Name in keyof Given]: ItemOf<Given[Name]> }> {
    return { cross: templatesOf(lists) }
  }

  /** A member of what a task gives, or of the run's input: `d.map('each', d.part(found, 'files'), …)`. */
  part<Output, Name extends keyof Output & string>({ id, template }: Ref<Output>, name: Name): Ref<Output[Name]> {
    if (!/^[^{}.:\s]+$/.test(name))
      throw new InvalidOption('A part has a plain name.', { at: '/tasks', found: name, hint: 'without dots, colons, braces and spaces' })
    return { id, template: `${template.slice(0, -2)}${template.includes(':') ? '.' : ':'}${name}}}` }
  }

  /** Its function answers which of the tasks (or groups) right after it go on, by id; the others are skipped. */
  branch<const A extends After = Ref<Input>>(
    id: string,
    options: DagTaskOptions & { after?: A },
    run: TaskFunction<OutputOf<A>, string | readonly string[] | null>,
  ): Task<string | readonly string[] | null> {
    return this.#add(id, options, run, { branch: true }) as Task<string | readonly string[] | null>
  }

  /** Where its function answers what is false, all that follows is skipped; `skip: 'direct'`: what is right after it, the rest by its own rules. */
  shortCircuit<Output, const A extends After = Ref<Input>>(
    id: string,
    options: DagTaskOptions & { after?: A; skip?: 'all' | 'direct' },
    run: TaskFunction<OutputOf<A>, Output>,
  ): Task<Output> {
    const { skip = 'all', ...own } = options
    return this.#add(id, own, run, { shortCircuit: skip }) as Task<Output>
  }

  /**
   * Waits for something: its function is called every so often (default 1 minute) until it answers what is not false; in between no slot is held. `timeout: { total }`
   * ends the wait: the task fails.
   */
  sensor<Output, const A extends After = Ref<Input>>(
    id: string,
    options: DagTaskOptions & { after?: A; every?: Duration },
    run: TaskFunction<OutputOf<A>, Output>,
  ): Task<Exclude<Output, false | null | undefined>> {
    const { every = '1m', ...own } = options
    const ms = durationMs(every)
    if (ms === null)
      throw new InvalidOption('A sensor looks every so often.', { at: `/tasks/${id}/every`, found: every, hint: 'a duration such as "1m"' })
    const poke = async (input: OutputOf<A>, ctx: DagContext): Promise<Output> => {
      const found = await run(input, ctx)
      if (found === false || found === null || found === undefined) throw new Snooze(ms)
      return found
    }
    return this.#add(id, own, Object.assign(poke, { toString: () => `${ms} ${run}` }), {}) as Task<Exclude<Output, false | null | undefined>>
  }

  /**
   * A person does it: it waits, without a slot, until somebody approves or rejects it, in the console, by `mainspring approve` or over the API. Texts may have
   * placeholders, as an input in a file has: `subject: `Publish ${d.part(checked, 'rows').template} rows?``. What is right after one that was rejected is skipped.
   */
  approval<Schema extends StandardSchema>(id: string, options: ApprovalOptions & { form: Schema }): Task<Approval<InferOutput<Schema>>>
  approval(id: string, options: ApprovalOptions): Task<Approval>
  approval(id: string, { subject, body, form, assignees, deadline, default: then, onReject, branch, ...own }: ApprovalOptions): Task<unknown> {
    const asked = isSchema(form) ? jsonSchemaOf(form) : form
    if (form !== undefined && asked === undefined)
      throw new InvalidOption('A form is JSON Schema.', {
        at: `/tasks/${id}/form`,
        hint: 'this schema cannot be said in it: write it as JSON Schema',
      })
    const approval: WireDagApproval = {
      subject,
      ...(body !== undefined && { body }),
      ...(asked !== undefined && { form: asked }),
      ...(assignees !== undefined && { assignees: [...assignees] }),
      ...(deadline !== undefined && { deadline: deadline as string | number }),
      ...(then !== undefined && { default: then }),
      ...(onReject !== undefined && { onReject }),
    }
    return this.#add(id, own, null, branch ? { branch } : {}, { approval })
  }

  /**
   * Waits, without a slot, for a signal to the run: `run.signal('paid', …)`, `mainspring signal`. Gives what it carries. One that comes before is kept; each goes to one
   * task, the one that has waited longest. `signal`: its name, or a typed one. Default: the id of the task.
   */
  signal<Taken = unknown>(id: string, { signal, ...options }: WaitOptions<Taken> & { signal?: string | Signal<never, Taken> } = {}): Task<Taken> {
    return this.#wait(id, options, {
      signal: signal === undefined ? id : signalOf(signal as string | Signal, `/tasks/${id}/signal`).name,
    }) as Task<Taken>
  }

  /**
   * Waits, without a slot, for whoever has its token: `POST /v1/namespaces/{namespace}/promises/{token}/resolve` (or `/reject`), once, without an API key. `token` is
   * there from the run's beginning: give it to the task that hands it out, `d.task('ask', { after: paid.token }, async token => mail(link(token)))`.
   */
  callback<Output = unknown>(id: string, options: WaitOptions<Output> = {}): Task<Output> & { readonly token: Ref<string> } {
    const task = this.#wait(id, options, { callback: true }) as Task<Output>
    return { ...task, token: { id: null, template: `{{callback.${task.id}}}` } }
  }

  /** Waits, without a slot, until a time: `d.until('morning', { plus: '6h' })`. Gives that time. */
  until(id: string, { until, plus, ...options }: UntilOptions): Task<string> {
    const time = until === undefined ? {} : { until: timeText(until) }
    return this.#wait(id, options, { ...time, ...(plus !== undefined && { plus: plus as string | number }) }) as Task<string>
  }

  /**
   * Waits, without a slot, for the run of another DAG that is for the same time, or for tasks of it: `d.otherRun('sold', { dag: 'sales', tasks: ['load'] })`. There need
   * be none yet. It is told when that one ends: nobody looks.
   *
   * Or for a run of any kind by its id, until that closes: `d.otherRun('indexed', { run: indexing })`. One that has closed ends it at once; one that is not there, or
   * whose retention has ended, fails it with `run-not-found`. At most 400 tasks wait for one run: a further one fails with `too-many-waits`.
   */
  otherRun(id: string, options: OtherRunOptions): Task<OtherRun>
  otherRun(id: string, options: ClosedRunOptions): Task<ClosedRun>
  otherRun(id: string, asked: OtherRunOptions | ClosedRunOptions): Task<OtherRun> | Task<ClosedRun> {
    if ('run' in asked) {
      const { run, states, skipStates, ...options } = asked
      return this.#wait(id, options, {
        run: typeof run === 'string' ? run : run.template,
        ...(states !== undefined && { states: [...states] }),
        ...(skipStates !== undefined && { skipStates: [...skipStates] }),
      }) as Task<ClosedRun>
    }
    const { dag, for: time, earlier, tasks, states, failStates, skipStates, ...options } = asked
    return this.#wait(id, options, {
      dag: typeof dag === 'string' ? dag : dag.name,
      ...(time !== undefined && { for: timeText(time) }),
      ...(earlier !== undefined && { earlier: earlier as string | number }),
      ...(tasks !== undefined && { tasks: [...tasks] }),
      ...(states !== undefined && { states: [...states] }),
      ...(failStates !== undefined && { failStates: [...failStates] }),
      ...(skipStates !== undefined && { skipStates: [...skipStates] }),
    }) as Task<OtherRun>
  }

  #wait(id: string, { timeout, default: then, onTimeout, ...own }: WaitOptions, what: WireDagWait): Task<unknown> {
    const wait: WireDagWait = {
      ...what,
      ...(timeout !== undefined && { timeout: timeout as string | number }),
      ...(then !== undefined && { default: then }),
      ...(onTimeout !== undefined && { onTimeout }),
    }
    return this.#add(id, own, null, {}, { wait })
  }

  /** It prepares something that what follows needs. */
  setup<Output>(id: string, options: DagTaskOptions, run: TaskFunction<Input, Output>): Task<Output> {
    return this.#add(id, options, run, { setup: true }) as Task<Output>
  }

  /** Runs after the work of its setups however that ended, if any of them succeeded. `failsRun`: its failure is the run's. */
  teardown<const A extends After = Ref<Input>>(
    id: string,
    options: DagTaskOptions & { after?: A; failsRun?: boolean },
    run: TaskFunction<OutputOf<A>, unknown>,
  ): Task<unknown> {
    const { failsRun, ...own } = options
    return this.#add(id, own, run, { teardown: true, ...(failsRun && { failsRun }) })
  }

  /** A place where several meet: it does nothing, and gives what they gave. */
  join<const A extends After>(id: string, options: { after: A; when?: WireTriggerRule }): Task<OutputOf<A>> {
    return this.#add(id, options, null, {}) as Task<OutputOf<A>>
  }

  /** Tasks that belong together; their ids begin with the group's: `etl.load`. */
  group(id: string, build: (d: this) => void): Group
  group(id: string, options: { waitFor?: DagTaskOptions['waitFor']; description?: string }, build: (d: this) => void): Group
  group(id: string, ...rest: [(d: this) => void] | [{ waitFor?: DagTaskOptions['waitFor']; description?: string }, (d: this) => void]): Group {
    const [{ waitFor, description }, build] =
      rest.length === 1 ? [{} as { waitFor?: DagTaskOptions['waitFor']; description?: string }, rest[0]] : rest
    const outer = this.#group
    const own = this.#open(id, description === undefined ? {} : { description }, waitFor)
    this.#group = own
    build(this)
    this.#group = outer
    return { id: own, isGroup: true }
  }

  /** For `dag` itself. */
  built(): Built {
    return this.#built
  }

  #open(id: string, group: NonNullable<WireDag['groups']>[string], waitFor: DagTaskOptions['waitFor']): string {
    const own = this.#id(id)
    const after = idsOf(waitFor)
    this.#built.groups[own] = { ...group, ...(after.length > 0 && { after }), ...(this.#group !== null && { group: this.#group }) }
    return own
  }

  #id(id: string): string {
    const whole = this.#group === null ? id : `${this.#group}.${id}`
    if (typeof id !== 'string' || !ID.test(whole))
      throw new InvalidOption('A task has an id.', { at: '/tasks', found: id, hint: '1 to 200 letters, digits, _, - and dots' })
    if (this.#built.tasks[whole] !== undefined || this.#built.groups[whole] !== undefined)
      throw new InvalidOption(`Two tasks of DAG "${this.#name}" are called "${whole}".`, {
        at: `/tasks/${whole}`,
        found: whole,
        hint: 'ids are unique in a DAG',
      })
    return whole
  }

  #add(
    id: string,
    options: DagTaskOptions,
    run: unknown,
    told: Told,
    more: Pick<WireDagTask, 'map' | 'input' | 'approval' | 'wait'> = {},
  ): Task<unknown> {
    const whole = this.#id(id)
    const { after, waitFor, when, pool, poolSlots, dependsOnPast, waitForDownstream, weightRule, cache, description, ...own } = options
    const refs: readonly AnyRef[] = after === undefined ? [] : Array.isArray(after) ? after : [after as AnyRef]
    const waits = [...new Set([...refs.flatMap(ref => ref.id ?? []), ...idsOf(waitFor)])]
    const input =
      more.input ?? (after === undefined ? this.input.template : Array.isArray(after) ? refs.map(ref => ref.template) : (after as AnyRef).template)
    const limits = pool === undefined ? [] : [{ pool, ...(poolSlots !== undefined && { weight: poolSlots }) }]
    const name = run === null ? null : this.#jobOf(whole, limits.length === 0 ? own : { ...own, limits: [...(own.limits ?? []), ...limits] }, run)
    this.#built.tasks[whole] = {
      ...(name !== null && { job: name }),
      ...(description !== undefined && { description }),
      ...(waits.length > 0 && { after: waits }),
      ...(when !== undefined && { when }),
      ...(more.approval && { approval: more.approval }),
      ...(more.wait && { wait: more.wait }),
      ...(!more.approval && !more.wait && { input }),
      ...(more.map && { map: more.map }),
      ...(cache && { cache }),
      ...told,
      ...(dependsOnPast && { dependsOnPast }),
      ...(waitForDownstream && { waitForDownstream }),
      ...(weightRule !== undefined && { weightRule }),
      ...(this.#group !== null && { group: this.#group }),
    }
    return { id: whole, template: `{{output.${whole}}}` }
  }

  /** A function is a job of its own; another one is started as it is. */
  #jobOf(id: string, options: JobOptions, run: unknown): string {
    const known = run as Partial<AnyJob>
    if (typeof run === 'function') {
      const made = (job as unknown as (name: string, options: JobOptions, run: AnyHandler) => AnyJob)(
        `${this.#name}.${id}`,
        options,
        run as AnyHandler,
      )
      this.#built.jobs.push(made)
      return made.name
    }
    if (typeof known?.name === 'string' && typeof known.handler === 'function') {
      this.#built.jobs.push(run as AnyJob)
      return known.name
    }
    throw new InvalidOption(`Task "${id}" has no function.`, {
      at: `/tasks/${id}`,
      found: run,
      hint: "the function, or a job, comes last: d.task('id', options, async input => …)",
    })
  }
}

function mapOf(list: List<unknown>, concurrency: number | undefined): WireDagMap {
  const many = concurrency === undefined ? {} : { concurrency }
  const { zip, cross } = list as Lists<unknown>
  if (zip !== undefined) return { zip, ...many }
  return cross === undefined ? { over: templateOf(list as AnyList), ...many } : { cross, ...many }
}

function templateOf(list: AnyList): unknown {
  return Array.isArray(list) ? list : (list as AnyRef).template
}

function templatesOf(lists: Readonly<Record<string, AnyList>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, templateOf(list)]))
}

const ID = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,199}$/u

function timeText(time: Date | string): string {
  return time instanceof Date ? time.toISOString() : time
}

function isSchema(form: unknown): form is StandardSchema {
  return (typeof form === 'object' || typeof form === 'function') && form !== null && '~standard' in form
}

function idsOf(waitFor: DagTaskOptions['waitFor']): string[] {
  if (waitFor === undefined) return []
  return (Array.isArray(waitFor) ? waitFor : [waitFor as Task<unknown> | Group]).map(({ id }) => id)
}
