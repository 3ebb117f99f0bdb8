import type { JobContext } from '../context.ts'
import { type Duration, durationMs } from '../duration.ts'
import { InvalidOption } from '../errors.ts'
import { type AnyHandler, type AnyJob, type Job, job } from '../job.ts'
import type { JobOptions } from '../options.ts'
import { Snooze } from '../snooze.ts'
import type { WireDag, WireDagTask, WireTriggerRule } from '../wire.ts'

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
  description?: string
}
export interface MapOptions extends Omit<DagTaskOptions, 'after'> {
  /** So many items at once, 1 to 1,000. */
  concurrency?: number
}

type Told = Pick<WireDagTask, 'branch' | 'shortCircuit' | 'setup' | 'teardown' | 'failsRun'>

/** What the function of a DAG says its tasks with. */
export class DagBuilder<Input> {
  /** The input of the run. */
  readonly input: Ref<Input> = { id: null, template: '{{input}}' }
  readonly #name: string
  readonly #tasks: WireDag['tasks'] = {}
  readonly #groups: NonNullable<WireDag['groups']> = {}
  readonly #jobs: AnyJob[] = []
  #group: string | null = null

  constructor(name: string) {
    this.#name = name
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
  map<Item, Output>(
    id: string,
    list: Ref<readonly Item[]> | readonly Item[],
    run: TaskFunction<Item, Output> | Job<Item, Output>,
    options: MapOptions = {},
  ): Task<Output[]> {
    const { concurrency, ...own } = options
    const over = Array.isArray(list) ? list : (list as Ref<readonly Item[]>).template
    const map = { over, ...(concurrency !== undefined && { concurrency }) }
    return this.#add(id, own, run, {}, { map, input: '{{item}}' }) as Task<Output[]>
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
    const own = this.#id(id)
    const after = idsOf(waitFor)
    this.#groups[own] = {
      ...(description !== undefined && { description }),
      ...(after.length > 0 && { after }),
      ...(outer !== null && { group: outer }),
    }
    this.#group = own
    build(this)
    this.#group = outer
    return { id: own, isGroup: true }
  }

  /** For `dag` itself. */
  built(): { tasks: WireDag['tasks']; groups: NonNullable<WireDag['groups']>; jobs: AnyJob[] } {
    return { tasks: this.#tasks, groups: this.#groups, jobs: this.#jobs }
  }

  #id(id: string): string {
    const whole = this.#group === null ? id : `${this.#group}.${id}`
    if (typeof id !== 'string' || !ID.test(whole))
      throw new InvalidOption('A task has an id.', { at: '/tasks', found: id, hint: '1 to 200 letters, digits, _, - and dots' })
    if (this.#tasks[whole] !== undefined || this.#groups[whole] !== undefined)
      throw new InvalidOption(`Two tasks of DAG "${this.#name}" are called "${whole}".`, {
        at: `/tasks/${whole}`,
        found: whole,
        hint: 'ids are unique in a DAG',
      })
    return whole
  }

  #add(id: string, options: DagTaskOptions, run: unknown, told: Told, more: Pick<WireDagTask, 'map' | 'input'> = {}): Task<unknown> {
    const whole = this.#id(id)
    const { after, waitFor, when, pool, description, ...own } = options
    const refs: readonly AnyRef[] = after === undefined ? [] : Array.isArray(after) ? after : [after as AnyRef]
    const waits = [...new Set([...refs.flatMap(ref => ref.id ?? []), ...idsOf(waitFor)])]
    const input =
      more.input ?? (after === undefined ? '{{input}}' : Array.isArray(after) ? refs.map(ref => ref.template) : (after as AnyRef).template)
    const name = run === null ? null : this.#jobOf(whole, pool === undefined ? own : { ...own, limits: [...(own.limits ?? []), { pool }] }, run)
    this.#tasks[whole] = {
      ...(name !== null && { job: name }),
      ...(description !== undefined && { description }),
      ...(waits.length > 0 && { after: waits }),
      ...(when !== undefined && { when }),
      input,
      ...(more.map && { map: more.map }),
      ...told,
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
      this.#jobs.push(made)
      return made.name
    }
    if (typeof known?.name === 'string' && typeof known.handler === 'function') {
      this.#jobs.push(run as AnyJob)
      return known.name
    }
    throw new InvalidOption(`Task "${id}" has no function.`, {
      at: `/tasks/${id}`,
      found: run,
      hint: "the function, or a job, comes last: d.task('id', options, async input => …)",
    })
  }
}

const ID = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,199}$/u

function idsOf(waitFor: DagTaskOptions['waitFor']): string[] {
  if (waitFor === undefined) return []
  return (Array.isArray(waitFor) ? waitFor : [waitFor as Task<unknown> | Group]).map(({ id }) => id)
}
