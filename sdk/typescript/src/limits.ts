import { LIMIT_MAX } from './bounds.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import type { Duration } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { WireLimit, WireLimitDetail, WireLimitSet, WireLimits, WireLimitTarget } from './wire.ts'
import { path, rateWindow } from './wire-rules.ts'

/** So many at once, or so many handed out in any window of `every` (1 ms to 366 days); 0 lets nothing pass. */
export type LimitSize = { concurrency: number; rate?: never; every?: never } | { rate: number; every: Duration; concurrency?: never }

/** What an operator sets. Where code declares the limit, its size alone counts; a limit of an operator's own says what it is on. */
export type LimitSettings = LimitSize & {
  /** `'pool'` (of the limit's own name), `'namespace'`, `{ queue: 'images' }` or `{ definition: 'resize' }`. */
  on?: WireLimitTarget
  /** A path into the input: each of its values is limited by itself. Default: all together. */
  per?: string
}

/** Limits of a namespace, those of code and those of operators: `client.limits`. */
export class Limits {
  readonly #client: Client
  constructor(client: Client) {
    this.#client = client
  }

  /** All limits in force, by name, with what is used of them. */
  async list(): Promise<WireLimit[]> {
    return (await this.#client.call<WireLimits>('limits.list', {})).limits
  }

  /** A limit with up to 100 of its keys, the fullest first, and the runs that hold them. @throws RequestRefused `limit-not-found` */
  async get(name: string): Promise<WireLimitDetail> {
    return this.#client.call('limits.get', { name: check.name(name, '/name') })
  }

  /**
   * Sets a limit over the code's of that name, or one of an operator's own; in force everywhere when it resolves. Runs that hold it go on.
   * Example: `await client.limits.set('warehouse', { on: 'pool', concurrency: 10 })`.
   * @throws InvalidOption; RequestRefused `limit-not-found` where no code has it and `on` is missing.
   */
  async set(name: string, settings: LimitSettings): Promise<WireLimitDetail> {
    return this.#client.call('limits.set', { name: check.name(name, '/name') }, bodyOf(settings))
  }

  /** Removes what an operator has set: the code's limit is in force again, or none. @throws RequestRefused `limit-not-found` */
  async reset(name: string): Promise<void> {
    await this.#client.call('limits.reset', { name: check.name(name, '/name') })
  }
}

function bodyOf(settings: LimitSettings): WireLimitSet {
  const body = MEMBERS(settings, '')
  const { concurrency, rate, every } = body
  if (concurrency !== undefined && rate !== undefined) check.refuse(rate, '/rate', '"concurrency" and "rate" are two limits: set two of them')
  if (concurrency === undefined && rate === undefined)
    throw new InvalidOption('This limit has no size.', { at: '/concurrency', hint: '"concurrency", or "rate" with "every", is needed' })
  if ((rate === undefined) !== (every === undefined)) check.refuse(every, '/every', 'a "rate" has a window "every", and nothing else has')
  return body
}

const target = check.members<{ queue?: string; definition?: string }>({ queue: check.name, definition: check.name })
const on: check.Check<WireLimitTarget> = (value, at) => {
  if (typeof value === 'string') return check.oneOf('pool', 'namespace')(value, at)
  const { queue, definition } = target(value, at)
  if ((queue === undefined) === (definition === undefined))
    return check.refuse(value, at, '"pool", "namespace", { queue: "images" } or { definition: "resize" }')
  return queue === undefined ? { definition: definition as string } : { queue }
}
const MEMBERS = check.members<WireLimitSet>({
  on,
  per: path,
  concurrency: check.integer(0, LIMIT_MAX),
  rate: check.integer(0, LIMIT_MAX),
  every: rateWindow,
})
