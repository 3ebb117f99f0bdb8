import * as check from '../checks.ts'
import { encode, tag, untag } from '../codec.ts'
import { failureOf } from '../failure.ts'
import { checked, jsonSchemaOf, type StandardSchema } from '../schema.ts'
import type { WireEntry, WireEvent, WireFailure, WireQuestion, WireQuestionAnswer } from '../wire.ts'
import { Diverged } from './errors.ts'
import { NO_ENTRIES } from './operations.ts'

/** A query that every workflow answers: the names of its queries and updates, and of the signals that it has waited for, with the JSON Schema of their inputs where there is one. */
export const MESSAGES_QUERY = 'mainspring.messages'

/** Whether the code fits the run's history: what `replay` answers. */
export const REPLAY_QUERY = 'mainspring.replay'

interface Query {
  handler: (input: unknown) => unknown
  schema: StandardSchema | undefined
}
interface Update extends Query {
  validate: ((input: unknown) => unknown) | undefined
}
type Answer = WireQuestionAnswer extends infer A ? (A extends { question: string } ? Omit<A, 'question'> : never) : never

/** What a run's code can be asked and told from outside, and what of it is under way. */
export class Messages {
  readonly queries = new Map<string, Query>()
  readonly updates = new Map<string, Update>()
  /** Those that the code has waited for, with what it asks of them. */
  readonly signals = new Map<string, StandardSchema | undefined>()
  /** A query, or a check, looks: nothing may be asked for meanwhile. */
  looks = false
  /** What was asked for all the same. */
  broken: string | null = null
  readonly #running = new Set<number>()
  /** Ended, and the history does not tell of it. */
  readonly #ended = new Map<number, WireEntry>()
  readonly #sent = new Set<number>()

  onQuery(name: string, handler: Query['handler'], { input: schema }: { input?: StandardSchema }): void {
    add(this.queries, 'query', name, handler, { handler, schema })
  }

  onUpdate(name: string, handler: Update['handler'], { input: schema, validate }: { input?: StandardSchema; validate?: Update['validate'] }): void {
    add(this.updates, 'update', name, handler, { handler, schema, validate })
  }

  /** Handlers of updates that have not ended. */
  get running(): number {
    return this.#running.size
  }

  /** Calls the handler of an update that was accepted; `onEnd` once it has ended. @throws Diverged */
  begin(number: number, event: WireEvent, onEnd: () => void): void {
    const name = event.name as string
    const update = this.updates.get(name)
    if (update === undefined) throw new Diverged(number, `update ${name}`, 'no update of this name')
    this.#running.add(number)
    void outcomeOf(name, update, untag(event.input)).then(outcome => {
      this.#running.delete(number)
      this.#ended.set(number, { is: 'answered', update: number, ...outcome })
      onEnd()
    })
  }

  /** The history tells how a handler ended. @throws Diverged */
  told(number: number): void {
    if (this.#running.has(number)) throw new Diverged(number, 'an update that was answered', 'more before it answers')
    this.#ended.delete(number)
    this.#sent.delete(number)
  }

  /** Answers that the server has not been told. */
  take(max: number): readonly WireEntry[] {
    if (this.#ended.size === 0) return NO_ENTRIES
    const fresh = [...this.#ended].filter(([number]) => !this.#sent.has(number)).slice(0, max)
    for (const [number] of fresh) this.#sent.add(number)
    return fresh.map(([, entry]) => entry)
  }

  /** `upTo`: so many events the code has seen. Never rejects. */
  async answer({ is, name, payload }: Pick<WireQuestion, 'is' | 'name' | 'payload'>, upTo: () => number): Promise<Answer> {
    if (is === 'query' && name === MESSAGES_QUERY) return { is: 'answered', output: this.#described() }
    const handlers: ReadonlyMap<string, Query> = is === 'query' ? this.queries : this.updates
    const found = handlers.get(name)
    if (found === undefined) return refused('unknown', new UnknownMessage(is, name, [...handlers.keys()]))
    let input: unknown
    try {
      input = await checkedInput(name, found.schema, untag(payload))
    } catch (error) {
      return refused('rejected', error)
    }
    try {
      if (is === 'query') {
        const output = this.#look(() => found.handler(input))
        encode(output, '/output')
        const value = tag(output, '/output')
        return { is: 'answered', ...(value !== undefined && { output: value }) }
      }
      this.#look(() => (found as Update).validate?.(input))
      return { is: 'valid', upTo: upTo() }
    } catch (error) {
      return refused(is === 'query' || error instanceof OnlyLooks ? 'failed' : 'rejected', error)
    }
  }

  #look(call: () => unknown): unknown {
    this.looks = true
    this.broken = null
    let answer: unknown
    try {
      answer = call()
    } finally {
      this.looks = false
    }
    if (answer instanceof Promise) {
      answer.catch(() => {})
      throw new OnlyLooks('it answers at once: no async function, and nothing to await')
    }
    if (this.broken !== null) throw new OnlyLooks(`it only looks, and asked for ${this.broken}`)
    return answer
  }

  #described(): unknown {
    const described = (all: Iterable<[string, StandardSchema | undefined]>) =>
      [...all].map(([name, schema]) => ({ name, ...(schema !== undefined && { schema: jsonSchemaOf(schema) }) }))
    const schemas = (handlers: ReadonlyMap<string, Query>) =>
      [...handlers].map(([name, { schema }]): [string, StandardSchema | undefined] => [name, schema])
    return { queries: described(schemas(this.queries)), updates: described(schemas(this.updates)), signals: described(this.signals) }
  }
}

function add<T>(handlers: Map<string, T>, is: string, name: string, handler: unknown, made: T): void {
  check.name(name, '/name')
  if (typeof handler !== 'function') check.refuse(handler, '/handler', `a function that answers the ${is}`)
  handlers.set(name, made)
}

/** Never rejects. */
async function outcomeOf(name: string, { handler, schema }: Update, given: unknown): Promise<{ output?: unknown; failure?: WireFailure }> {
  try {
    const output = await handler(schema === undefined ? given : await checkedInput(name, schema, given))
    encode(output, '/output')
    const value = tag(output, '/output')
    return value === undefined ? {} : { output: value }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

function checkedInput(name: string, schema: StandardSchema | undefined, given: unknown): unknown {
  return schema === undefined ? given : checked(name, schema, given)
}

function refused(why: 'unknown' | 'rejected' | 'failed', error: unknown): Answer {
  return { is: 'refused', why, failure: failureOf(error) }
}

class UnknownMessage extends Error {
  override readonly name = 'UnknownMessage'
  constructor(is: string, name: string, known: readonly string[]) {
    super(known.length === 0 ? `it has none at all, so no ${is} "${name}"` : `it has ${known.map(one => `"${one}"`).join(', ')}`)
  }
}

class OnlyLooks extends Error {
  override readonly name = 'OnlyLooks'
}
