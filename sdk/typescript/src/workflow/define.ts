import * as check from '../checks.ts'
import { currentClient } from '../current.ts'
import { InvalidOption } from '../errors.ts'
import type { RunHandle } from '../handle.ts'
import type { AnyHandler, Job, StartItem } from '../job.ts'
import type { JobOptions, RunOptions, StartOptions } from '../options.ts'
import { type InferInput, type InferOutput, jsonSchemaOf, type StandardSchema } from '../schema.ts'
import { contentVersion } from '../version.ts'
import type { WireDefinition } from '../wire.ts'
import { definitionOptions } from '../wire-options.ts'
import type { WorkflowHandler } from './context.ts'
import { type NamedLocks, namedLocks } from './locks.ts'
import { type QueuedStepOptions, type QueuedSteps, queuedSteps } from './queued.ts'

/**
 * Defines a durable workflow: an ordinary async function that survives crashes, deployments and months of sleep.
 *
 * ```ts
 * export const order = workflow('order', async (order: Order, ctx) => {
 *   const payment = await ctx.run('charge', () => bank.charge(order), { retry: { attempts: 3 } })
 *   ctx.compensate('refund', () => bank.refund(payment))
 *   const approved = await ctx.waitFor<boolean>('approval', { timeout: '7d' })
 *   if (!approved) throw new Abort('not approved')
 *   await ctx.sleep('30d')
 *   return ctx.call(resize, { user: order.user, url: order.photo })
 * })
 * ```
 * The function must do the same whenever it is called again with the same answers: no clock, no randomness, no I/O but through `ctx`. What it returns is the run's
 * output; what it throws fails the run.
 * @throws InvalidOption at once, with the option's place.
 */
export function workflow<Output, Input = unknown>(name: string, handler: WorkflowHandler<Input, Output>): Workflow<Input, Awaited<Output>>
export function workflow<Schema extends StandardSchema, Output>(
  name: string,
  options: WorkflowOptions & { input: Schema },
  handler: WorkflowHandler<InferOutput<Schema>, Output>,
): Workflow<InferInput<Schema>, Awaited<Output>>
export function workflow<Output, Input = unknown>(
  name: string,
  options: WorkflowOptions & { input?: undefined },
  handler: WorkflowHandler<Input, Output>,
): Workflow<Input, Awaited<Output>>
export function workflow(name: string, ...rest: [AnyWorkflowHandler] | [WorkflowOptions, AnyWorkflowHandler]): Workflow<unknown, unknown> {
  const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
  check.name(name, '/name')
  if (typeof handler !== 'function')
    throw new InvalidOption(`Workflow "${name}" has no function.`, {
      at: '/handler',
      found: handler,
      hint: "the function comes last: workflow('name', options, async (input, ctx) => …)",
    })
  return new DefinedWorkflow(name, options, handler)
}

/** Options of a workflow: everything a run of it has where its start says nothing else. */
export interface WorkflowOptions
  extends Pick<RunOptions, 'queue' | 'priority' | 'expires' | 'exhausted' | 'retention' | 'unique' | 'tags' | 'labels' | 'outlets'> {
  /**
   * A lock for each value at a path of the input: one run at a time holds it, in the order in which they were started, from its beginning to its end, asleep or not. After
   * one that failed: nothing goes on until a person says so (`stop`, the default), or the next one goes on (`skip`). Example: `'account'`.
   */
  sequence?: NonNullable<JobOptions['sequence']>
  /** Any Standard Schema (zod, valibot, arktype …): types the function's input and refuses a bad one before it is sent. */
  input?: StandardSchema
  /** From due to the end: the run ends as `timed_out`. Default: none. */
  timeout?: { total: NonNullable<RunOptions['expires']> }
  /** Default: a hash of name, options, schema and the function's text. */
  version?: string
  /**
   * Which versions of this code may go on with an open run. `'auto'` (default): any whose code its history fits; it keeps away from the others, and says so.
   * `'pinned'`: only the one that began it, however long that takes: keep workers of it until `mainspring versions` calls it drained.
   */
  versioning?: 'auto' | 'pinned'
  /**
   * Steps that wait in a queue, under limits, before they run; by the names that `ctx.run` gives. Each is a run of its own, of the job `order.charge`, and may run in
   * another worker that has this workflow. An operator sees and changes its limits as those of any job.
   * Example: `{ charge: { queue: 'bank', limits: [{ per: 'key', concurrency: 1 }, { rate: 10, every: '1s' }] } }`, and `ctx.run('charge', fn, { key: order.user })`.
   */
  steps?: Record<string, QueuedStepOptions>
  /**
   * Locks that its code takes with `ctx.lock`, by their names, and how many runs may hold each at the same time. Workflows that name the same lock share it, in a
   * namespace. Example: `{ locks: { account: {}, gpu: { permits: 2 } } }`, and `await using lock = await ctx.lock('account', { key: from })`.
   */
  locks?: NamedLocks
}

/** Started, scheduled and called as a job is. */
export type Workflow<Input, Output> = Job<Input, Output>
// biome-ignore lint/suspicious/noExplicitAny: a function of anything
export type AnyWorkflowHandler = WorkflowHandler<any, any>

const OPTIONS = [
  'queue',
  'priority',
  'expires',
  'exhausted',
  'retention',
  'unique',
  'tags',
  'outlets',
  'labels',
  'input',
  'timeout',
  'version',
  'versioning',
  'steps',
  'locks',
  'sequence',
]

class DefinedWorkflow implements Workflow<unknown, unknown> {
  readonly name: string
  readonly options: JobOptions
  readonly handler: AnyHandler
  readonly definition: WireDefinition
  readonly steps: QueuedSteps
  readonly locks: NamedLocks
  constructor(name: string, options: WorkflowOptions, handler: AnyWorkflowHandler) {
    for (const option of Object.keys(options))
      if (!OPTIONS.includes(option)) check.refuse(option, `/${option}`, `a workflow has ${OPTIONS.join(', ')}`, 'There is no such option')
    this.name = name
    this.options = options
    this.handler = handler as unknown as AnyHandler
    const { versioning, steps = {}, locks, ...shared } = options
    const wire = {
      ...definitionOptions(shared),
      ...(versioning !== undefined && { versioning: check.oneOf('auto', 'pinned')(versioning, '/versioning') }),
    }
    const schema = options.input && jsonSchemaOf(options.input)
    const code = {
      kind: 'workflow',
      name,
      options: wire,
      schema,
      function: handler.toString(),
      ...(options.steps && { steps }),
      ...(locks && { locks }),
    }
    this.definition = {
      kind: 'workflow',
      name,
      version: options.version ?? contentVersion(code),
      options: wire,
      ...(schema !== undefined && { schema }),
    }
    this.steps = queuedSteps(this, steps)
    this.locks = locks === undefined ? {} : namedLocks(locks)
  }
  get version(): string {
    return this.definition.version
  }
  start(input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>> {
    return currentClient().start(this, input, options)
  }
  startMany(items: readonly StartItem<unknown>[], options?: StartOptions): Promise<RunHandle<unknown>[]> {
    return currentClient().startMany(this, items, options)
  }
}
