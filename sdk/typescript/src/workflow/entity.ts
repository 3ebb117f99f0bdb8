import * as check from '../checks.ts'
import { currentClient } from '../current.ts'
import type { Duration } from '../duration.ts'
import { InvalidOption } from '../errors.ts'
import type { RunHandle } from '../handle.ts'
import type { StandardSchema } from '../schema.ts'
import { contentVersion } from '../version.ts'
import type { WorkflowContext } from './context.ts'
import { type Workflow, type WorkflowOptions, workflow } from './define.ts'

/**
 * Defines a durable entity: for each key one actor with a state of its own, which takes calls one after the other, in the order in which they were taken, and lives for
 * ever.
 *
 * ```ts
 * export const cart = entity('cart', {
 *   state: () => ({ items: [] as string[] }),
 *   calls: {
 *     add: (cart, item: string) => cart.items.push(item),
 *     pay: async (cart, _: undefined, ctx) => ctx.run('charge', step => bank.charge(cart.items, step.key)),
 *   },
 * })
 * await cart.of('u1').add('book') // 1
 * ```
 * A call gets the state, changes it in place, and answers; one that throws changes nothing of it. It may use all of `ctx`, as a workflow does, and what it does must be
 * the same when it is replayed. Give it to a worker as a job.
 * @throws InvalidOption at once, with the option's place.
 */
export function entity<State extends object, Calls extends EntityCalls<State>>(
  name: string,
  options: EntityOptions<State, Calls>,
): Entity<State, Calls> {
  const {
    state: begin,
    calls,
    inputs = {} as { readonly [call: string]: StandardSchema | undefined },
    renewAfter = CALLS_PER_HISTORY,
    ...rest
  } = options
  if (typeof begin !== 'function')
    throw new InvalidOption(`Entity "${name}" has no state.`, { at: '/state', found: begin, hint: 'state: () => ({ items: [] })' })
  const functions = check.record(calls, '/calls')
  const names = Object.keys(functions)
  for (const call of names) {
    check.name(call, `/calls/${call}`)
    if (RESERVED.includes(call)) check.refuse(call, `/calls/${call}`, `another name: ${RESERVED.join(', ')} are taken`)
    if (typeof functions[call] !== 'function') check.refuse(functions[call], `/calls/${call}`, 'a function: (state, input, ctx) => answer')
  }
  for (const call of Object.keys(inputs)) if (!names.includes(call)) check.refuse(call, `/inputs/${call}`, `one of ${names.join(', ')}`)
  check.integer(1, 100_000)(renewAfter, '/renewAfter')
  const code = Object.fromEntries(names.map(call => [call, String(functions[call])]))
  const version = rest.version ?? contentVersion({ kind: 'entity', name, options: rest, state: String(begin), calls: code, renewAfter })

  const live = async ({ key, state = begin(key) }: Self<State>, ctx: WorkflowContext): Promise<never> => {
    const self = { key, state }
    ctx.state = self.state
    let taken = 0
    let ended = 0
    let last: Promise<unknown> = Promise.resolve()
    for (const call of names) {
      const schema = inputs[call]
      const handle = (input: unknown): Promise<unknown> => {
        taken++
        const answer = last.then(() => changed(self, ctx, state => (calls as EntityCalls<State>)[call]?.(state, input as never, ctx)))
        last = answer.then(
          () => ended++,
          () => ended++,
        )
        return answer
      }
      ctx.onUpdate(call, handle, schema === undefined ? {} : ({ input: schema } as object))
    }
    await ctx.until(() => ended >= renewAfter && ended === taken)
    // Calls that come until it has begun anew change `self`, which is kept as it is by then.
    return ctx.continueAs(self)
  }
  const defined = workflow<never, Self<State>>(name, { ...rest, version }, live)
  return Object.assign(defined, { of: (key: string) => handleOf<State, Calls>(defined, check.key(key, '/key'), begin, names) })
}

/** Options of an entity, and of the workflow that each of its actors is. */
export interface EntityOptions<State extends object, Calls extends EntityCalls<State>>
  extends Pick<WorkflowOptions, 'queue' | 'priority' | 'retention' | 'tags' | 'labels' | 'version' | 'versioning' | 'steps'> {
  /** What the actor of a key begins with, `() => ({ … })` or `(key: string) => ({ … })`: an object that can be kept, at most 64 Ki characters of JSON, then and after each call. */
  state: (key: string) => State
  calls: Calls
  /** Standard Schemas of the inputs of calls, by their names: what does not fit is refused before it is taken, and leaves nothing. */
  inputs?: { readonly [Name in keyof Calls]?: StandardSchema }
  /** After so many calls its history begins anew, with its state alone. 1 to 100,000, default 500. */
  renewAfter?: number
}
const CALLS_PER_HISTORY = 500
/** `then`: a handle is no promise. */
const RESERVED = ['state', 'run', 'then']

export type EntityCall<State> = (state: State, input: never, ctx: WorkflowContext) => unknown
export type EntityCalls<State> = Record<string, EntityCall<State>>

export interface Entity<State extends object, Calls extends EntityCalls<State>> extends Workflow<Self<State>, never> {
  /** The actor of a key, up to 500 characters. Nothing is sent; the first call, or look at it, begins it. */
  of(key: string): EntityHandle<State, Calls>
}
interface Self<State> {
  key: string
  state?: State
}

export type EntityHandle<State, Calls extends EntityCalls<State>> = {
  /**
   * Resolves with what the call answers. It is on disk before the call begins.
   * @throws the call's error; RequestRefused `update-rejected` (its input), `no-live-worker`, `too-many-updates`; UpdateTimeout, when it goes on.
   */
  readonly [Name in keyof Calls]: Calls[Name] extends EntityCall<never>
    ? (...args: EntityArguments<Parameters<Calls[Name]>[1]>) => Promise<Awaited<ReturnType<Calls[Name]>>>
    : never
} & {
  /** As the last call has left it; needs no worker. */
  state(): Promise<State>
  /** The run that it is: to explain, cancel or terminate it. After its end the next call begins another, with a new state. */
  run(): Promise<RunHandle<never>>
}
type EntityArguments<Input> = undefined extends Input ? [input?: Input, options?: EntityCallOptions] : [input: Input, options?: EntityCallOptions]
/** `id`: the same again is the same call, for 24 hours. `timeout`: how long to wait, default for ever. */
export interface EntityCallOptions {
  id?: string
  timeout?: Duration
}

/** The state is changed as a whole, or not at all. */
async function changed<State extends object>(self: { state: State }, ctx: WorkflowContext, call: (state: State) => unknown): Promise<unknown> {
  const draft = structuredClone(self.state)
  const answer = await call(draft)
  ctx.state = draft
  self.state = draft
  return answer
}

function handleOf<State extends object, Calls extends EntityCalls<State>>(
  defined: Workflow<Self<State>, never>,
  key: string,
  begin: (key: string) => State,
  names: readonly string[],
): EntityHandle<State, Calls> {
  const run = (): Promise<RunHandle<never>> => currentClient().start(defined, { key }, { unique: { key }, metadata: { key } })
  const calls = names.map(name => [name, async (input?: unknown, options: EntityCallOptions = {}) => (await run()).update(name, input, options)])
  const state = async (): Promise<State> => ((await (await run()).get()).workflow?.state as State | null | undefined) ?? begin(key)
  return { ...Object.fromEntries(calls), state, run } as EntityHandle<State, Calls>
}
