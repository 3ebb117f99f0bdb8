import { randomBytes } from 'node:crypto'
import { markOf } from '../assets.ts'
import * as check from '../checks.ts'
import { encode, tag } from '../codec.ts'
import type { Log } from '../context.ts'
import type { Duration } from '../duration.ts'
import { Abort, Cancelled, CancelRequested } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { AnyJob } from '../job.ts'
import { Large, largeText } from '../kept.ts'
import { checked, type StandardSchema } from '../schema.ts'
import { chunkText, type DurableStreamWriter } from '../streams.ts'
import type { WireEnd } from '../wire.ts'
import { childOptions } from '../wire-options.ts'
import type { WireStreamStep } from '../wire-streams.ts'
import type { Chunks } from '../worker/streams.ts'
import type {
  CallOptions,
  ChildOptions,
  ExternalPromise,
  LockOptions,
  Scope,
  ScopeOptions,
  StepContext,
  StepOptions,
  UpdateOptions,
  WorkflowContext,
} from './context.ts'
import type { AnyWorkflowHandler } from './define.ts'
import { ContinueAs } from './errors.ts'
import type { Flow } from './flow.ts'
import { giveUp, type LockInput, type Locks, lockDefinition, lockKey, lockSignal, locksOf, RELEASE, tell } from './locks.ts'
import { isScoped, reasonIn } from './parts.ts'
import { type QueuedStepInput, type QueuedSteps, queuedStepsOf, stepKey } from './queued.ts'
import { seededUuid } from './random.ts'
import { textOf } from './shown.ts'
import { type Signal, signalOf } from './signal.ts'
import { stepPolicy } from './steps.ts'

/** Of `ctx.state` and of metadata: they are kept with each change. */
const SHOWN_LENGTH_MAX = 64 * 1024

const PARENT_CLOSES: ReadonlySet<unknown> = new Set(['cancel', 'terminate', 'abandon'])

const SCOPE = check.members<{ timeout?: number }>({ timeout: check.duration })

/** Of what is a promise already, nobody could take back what it waits for. */
function branchesOf<Branch>(of: string, branches: readonly Branch[]): readonly Branch[] {
  if (!Array.isArray(branches)) check.refuse(branches, '/branches', `an array of functions: ctx.${of}([() => ctx.sleep('1h'), …])`)
  for (const [index, branch] of branches.entries())
    if (typeof branch !== 'function') check.refuse(branch, `/branches/${index}`, `a function, which begins it: ctx.${of}([() => ctx.sleep('1h'), …])`)
  return branches
}

/** A workflow's function, and the run that it is called for. */
export interface Code {
  run: string
  name: string
  handler: AnyWorkflowHandler
  schema: StandardSchema | undefined
  input: unknown
  metadata: unknown
  tags: Readonly<Record<string, string>>
  /** Where its lines go. */
  log: Log
  /** What an attempt of a step writes to the run's streams. */
  chunks(step: WireStreamStep): Chunks
  /** Of its result; default 16 MiB. */
  resultBytesMax?: number
  /** Steps that are runs of their own. */
  steps: QueuedSteps
  locks: Locks
}

/** Where what it says goes. */
type Outlets = Pick<Code, 'log' | 'chunks' | 'resultBytesMax'>

const nothing = (): void => {}
/** Of code that is replayed alone: nobody hears it, and its steps do not run. */
const REPLAYED: Outlets = {
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  chunks: () => {
    throw new Error('it was replayed, and runs no step')
  },
}

export function codeOf(job: AnyJob, of: Pick<Code, 'run' | 'input' | 'metadata' | 'tags'>, outlets = REPLAYED): Code {
  const { run, input, metadata, tags } = of
  const handler = job.handler as unknown as AnyWorkflowHandler
  const { name, options } = job
  return { run, name, handler, schema: options.input, input, metadata, tags, ...outlets, steps: queuedStepsOf(job), locks: locksOf(job) }
}

/**
 * Calls the function, and says how it ended; compensations are a part of that. What it begins anew with, and how far it has come, is told when it is asked for: handlers
 * of updates may change it until then. Null: it did not end, since its flow is broken. Never rejects.
 */
export async function runCode(code: Code, flow: Flow): Promise<WireEnd | (() => WireEnd) | null> {
  const context = new Context(code, flow)
  try {
    const input = code.schema === undefined ? code.input : await checked(code.name, code.schema, code.input)
    const output = await code.handler(input, context)
    const large = largeText(output, code.resultBytesMax)
    const value = large === null ? tag(output, '/output') : new Large(large)
    return () => ({ is: 'completed', ...(value !== undefined && { output: value }), ...context.mark })
  } catch (error) {
    if (error instanceof ContinueAs) return () => ({ ...continued(error), ...context.mark })
    flow.cancel.shielded = true
    const failed = await context.undo()
    if (failed.length > 0) {
      const all = new AggregateError([error, ...failed], `${failed.length} of its compensations failed, after: ${(error as Error)?.message}`)
      return { is: 'failed', reason: 'compensation-failed', failure: failureOf(all) }
    }
    if (flow.cancel.requested && error instanceof CancelRequested) return { is: 'cancelled' }
    return { is: 'failed', reason: error instanceof Abort ? 'aborted' : 'threw', failure: failureOf(error) }
  }
}

function continued({ input: value }: ContinueAs): WireEnd & { is: 'continued' } {
  const input = tag(value, '/input')
  return { is: 'continued', ...(input !== undefined && { input }) }
}

/** A step is run here. */
const noEntry = (): null => null

interface Compensation {
  name: string
  fn: (step: StepContext) => unknown
  options: StepOptions
}

class Context implements WorkflowContext {
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
  readonly log: Log
  readonly #flow: Flow
  readonly #steps: QueuedSteps
  readonly #compensations: Compensation[] = []
  readonly #locks: Locks
  readonly #held = new Set<string>()
  /** The watermark that it has set, as it is sent. */
  mark: { watermark?: unknown } = {}

  constructor({ run, tags, log, steps, locks }: Code, flow: Flow) {
    this.id = run
    this.tags = tags
    this.#flow = flow
    this.#steps = steps
    this.#locks = locks
    const first =
      (level: keyof Log): Log['info'] =>
      (message, fields) => {
        flow.say(() => log[level](message, fields))
      }
    this.log = { debug: first('debug'), info: first('info'), warn: first('warn'), error: first('error') }
  }

  get metadata(): unknown {
    return this.#flow.shown.metadata
  }

  set metadata(value: unknown) {
    this.#mayShow(value, '/metadata')
    this.#flow.shown.metadata = value
  }

  get state(): unknown {
    return this.#flow.shown.state
  }

  set state(value: unknown) {
    this.#mayShow(value, '/state')
    this.#flow.shown.state = value
  }

  watermark<Value>(): Value | null {
    return (this.#flow.watermark ?? null) as Value | null
  }

  setWatermark(value: unknown): void {
    this.#mayChange(value, '/watermark')
    this.mark = { watermark: markOf(value, '/watermark') }
  }

  #mayChange(value: unknown, at: string): void {
    if (this.#flow.messages.looks) check.refuse(value, at, 'a query, or a check of an update, only looks')
  }

  #mayShow(value: unknown, at: string): void {
    this.#mayChange(value, at)
    if (textOf(value, at).length > SHOWN_LENGTH_MAX) check.refuse(`${at.slice(1)} of more than ${SHOWN_LENGTH_MAX} characters`, at, 'show less')
  }

  onQuery(name: string, handler: (input: never) => unknown, options: { input?: StandardSchema } = {}): void {
    this.#flow.messages.onQuery(name, handler as (input: unknown) => unknown, options)
  }

  onUpdate(name: string, handler: (input: never) => unknown, options: UpdateOptions<never> & { input?: StandardSchema } = {}): void {
    this.#flow.messages.onUpdate(name, handler as (input: unknown) => unknown, options as { input?: StandardSchema })
  }

  async until(condition: () => unknown, options: { timeout?: Duration } = {}): Promise<boolean> {
    if (typeof condition !== 'function') check.refuse(condition, '/condition', 'a function of your variables: ctx.until(() => approved)')
    if (condition()) return true
    const { here } = this.#flow.scopes
    const reason = reasonIn(here)
    if (reason !== null) throw reason
    const over = options.timeout === undefined ? null : this.sleep(options.timeout)
    return this.#flow.conditions.until(condition, over, here)
  }

  async shielded<Value>(fn: () => Promise<Value>): Promise<Value> {
    if (typeof fn !== 'function') check.refuse(fn, '/fn', 'a function: ctx.shielded(async () => …)')
    return this.#flow.scopes.shielded(fn)
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async scope(first: ScopeOptions | ((scope: Scope) => unknown), second?: (scope: Scope) => unknown): Promise<any> {
    const [options, fn] = typeof first === 'function' ? [{}, first] : [SCOPE(first, ''), second]
    if (typeof fn !== 'function') check.refuse(fn, '/fn', "a function: ctx.scope({ timeout: '1h' }, async scope => …)")
    return this.#flow.scopes.scope(fn as (scope: Scope) => unknown, options.timeout ?? null)
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async all(branches: readonly ((scope: Scope) => unknown)[]): Promise<any> {
    return this.#flow.scopes.group(branchesOf('all', branches), all => Promise.all(all))
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async race(branches: readonly ((scope: Scope) => unknown)[]): Promise<any> {
    if (branchesOf('race', branches).length === 0) check.refuse(branches, '/branches', 'one branch at least: a race of none is never over')
    return this.#flow.scopes.group(branches, all => Promise.race(all))
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async any(branches: readonly ((scope: Scope) => unknown)[]): Promise<any> {
    return this.#flow.scopes.group(branchesOf('any', branches), all => Promise.any(all))
  }

  get signal(): AbortSignal {
    return this.#flow.cancel.stop.signal
  }

  // The interface types what these give; here it is what the history tells.
  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  run(name: string, fn: (step: StepContext) => unknown, options: StepOptions = {}): Promise<any> {
    try {
      // A hop, as from every other operation, so that what settles together goes on in the same order.
      return this.#run(name, fn, options).then()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #run(name: string, fn: (step: StepContext) => unknown, options: StepOptions): Promise<unknown> {
    check.name(name, '/name')
    if (typeof fn !== 'function') check.refuse(fn, '/fn', "a function: ctx.run('charge', () => bank.charge(order))")
    const queued = Object.hasOwn(this.#steps, name) ? this.#steps[name] : undefined
    if (queued !== undefined) return this.#queued(queued, fn, options)
    for (const option of ['key', 'priority'] as const)
      if (options[option] !== undefined)
        check.refuse(options[option], `/${option}`, `name "${name}" in the workflow's option "steps", with the limits that count by it`)
    return this.#flow.operations.make({ kind: 'step', name, step: { policy: stepPolicy(options), fn } }, noEntry)
  }

  #queued({ name }: AnyJob, fn: (step: StepContext) => unknown, { key, ...rest }: StepOptions): Promise<unknown> {
    const options = childOptions(rest)
    const given = key === undefined ? {} : { key: stepKey(key, '/key') }
    return this.#flow.operations.make({ kind: 'child', name, child: { run: '', detached: false }, fn }, n => {
      const input: QueuedStepInput = { run: this.id, base: this.#flow.base, n, ...given }
      return { is: 'child', n, definition: name, input, ...(Object.keys(options).length > 0 && { options }) }
    })
  }

  async sleep(duration: Duration): Promise<void> {
    const forMs = check.duration(duration, '/duration')
    await this.#flow.operations.make({ kind: 'timer', name: '' }, n => ({ is: 'timer', n, forMs }))
  }

  async sleepUntil(at: Date | string): Promise<void> {
    const until = check.instant(at, '/at')
    await this.#flow.operations.make({ kind: 'timer', name: '' }, n => ({ is: 'timer', n, until }))
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async waitFor(given: string | Signal, options: { timeout?: Duration; input?: StandardSchema } = {}): Promise<any> {
    const { name: signal, input: schema = options.input } = signalOf(given, '/signal')
    const timeout = options.timeout === undefined ? {} : { timeoutMs: check.duration(options.timeout, '/timeout') }
    this.#flow.messages.signals.set(signal, options.input)
    const payload = await this.#flow.operations.make({ kind: 'signal', name: signal }, n => ({
      is: 'wait',
      n,
      signal,
      ...timeout,
      ...(isScoped(this.#flow.scopes.here) && { scoped: true as const }),
    }))
    const isOver = payload === undefined && options.timeout !== undefined
    return schema === undefined || isOver ? payload : checked(signal, schema, payload)
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async promise(name: string, options: { timeout?: Duration } = {}): Promise<ExternalPromise<any>> {
    check.name(name, '/name')
    const timeout = options.timeout === undefined ? {} : { timeoutMs: check.duration(options.timeout, '/timeout') }
    const { promise: token, resolve, reject } = Promise.withResolvers<string>()
    const result = this.#flow.operations.make({ kind: 'promise', name, onToken: resolve }, n => {
      return { is: 'promise', n, name, token: `${this.id}.${randomBytes(24).toString('base64url')}`, ...timeout }
    })
    result.catch(reject) // cancelled before it was there
    return { token: await token, result }
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async lock(name: string, { key: given, timeout }: LockOptions = {}): Promise<any> {
    const { named, queue } = this.#locks
    if (!Object.hasOwn(named, name)) check.refuse(name, '/name', `name it in the workflow's option: locks: { ${name}: {} }`)
    const key = lockKey(given)
    const held = JSON.stringify([name, key])
    if (this.#held.has(held)) check.refuse(given, '/key', 'this run has it, or waits for it, already')
    const { operations, base } = this.#flow
    const definition = lockDefinition(name)
    const child = { run: '', detached: false }
    const ended = operations.make({ kind: 'child', name: definition, child }, n => {
      const input: LockInput = { key, run: this.id, signal: lockSignal(base, n) }
      return { is: 'child', n, definition, input, ...(queue !== undefined && { options: { queue } }) }
    })
    const signal = lockSignal(base, operations.last)
    this.#held.add(held)
    const letGo = async (how: (run: string) => Promise<void>): Promise<void> => {
      if (!this.#held.delete(held)) return
      await this.shielded(() => this.run(`unlock ${name}`, () => how(child.run)))
    }
    const place = operations.get(operations.last)
    const lost = ended.then(() => Promise.reject(new Abort(`the place of this run in the line for the lock "${name}" was ended`)))
    lost.catch(() => {})
    for (;;) {
      const turn = await Promise.race([lost, this.waitFor(signal, timeout === undefined ? {} : { timeout })]).catch(error => {
        // Its scope was cancelled, and with it the place in the line.
        if (error instanceof Cancelled) this.#held.delete(held)
        throw error
      })
      // A run that goes on from a point of another finds the words that the other was told.
      if (turn === child.run) break
      if (turn === undefined) return void (await letGo(giveUp))
    }
    if (place !== undefined) place.isHeld = true
    const release = (): Promise<void> => letGo(run => tell(run, RELEASE))
    return { release, [Symbol.asyncDispose]: release }
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by WorkflowContext
  async call(job: AnyJob, input?: unknown, { parentClose = 'cancel', ...options }: CallOptions = {}): Promise<any> {
    if (!PARENT_CLOSES.has(parentClose)) check.refuse(parentClose, '/options/parentClose', "'cancel', 'terminate' or 'abandon'")
    return this.#child(job, input, options, parentClose === 'cancel' ? {} : { parentClose })
  }

  async start(job: AnyJob, input?: unknown, options: ChildOptions = {}): Promise<{ id: string }> {
    return (await this.#child(job, input, options, { detached: true })) as { id: string }
  }

  compensate(name: string, fn: (step: StepContext) => unknown, options: StepOptions = {}): void {
    check.name(name, '/name')
    if (!Object.hasOwn(this.#steps, name)) stepPolicy(options)
    this.#compensations.push({ name, fn, options })
  }

  /** Each is tried, whatever became of the others. Answers how those failed that did. */
  async undo(): Promise<unknown[]> {
    const failed: unknown[] = []
    for (let next = this.#compensations.pop(); next !== undefined; next = this.#compensations.pop())
      await this.run(next.name, next.fn, next.options).catch(error => failed.push(error))
    return failed
  }

  now(): Date {
    return new Date(this.#flow.now)
  }

  random(): number {
    return this.#flow.random()
  }

  uuid(): string {
    return seededUuid(this.#flow.random)
  }

  patched(id: string): boolean {
    return this.#flow.patched(check.name(id, '/id'))
  }

  stream(name: string): DurableStreamWriter<never> {
    check.stream(name, '/stream')
    return {
      write: async (chunk: unknown) => {
        chunkText(chunk)
        const value = tag(chunk, '/chunk') ?? null
        await this.#flow.operations.make({ kind: 'stream', name }, n => ({ is: 'write', n, stream: name, chunk: value }))
      },
      close: async () => {
        await this.#flow.operations.make({ kind: 'stream', name }, n => ({ is: 'close', n, stream: name }))
      },
    }
  }

  continueAs(input: unknown): never {
    throw new ContinueAs(input)
  }

  #child(job: AnyJob, input: unknown, options: ChildOptions, bond: { detached?: true; parentClose?: 'terminate' | 'abandon' }): Promise<unknown> {
    const { name } = job
    const value = tag(input, '/input')
    encode(input, '/input')
    const given = childOptions(options)
    return this.#flow.operations.make({ kind: 'child', name, child: { run: '', detached: bond.detached === true } }, n => ({
      is: 'child',
      n,
      definition: name,
      ...(value !== undefined && { input: value }),
      ...(Object.keys(given).length > 0 && { options: given }),
      ...bond,
    }))
  }
}
