import { randomUUID } from 'node:crypto'
import * as check from './checks.ts'
import type { AnyJob, Job } from './job.ts'
import type { StartOptions } from './options.ts'
import { oneStart } from './starts.ts'

/**
 * A transaction of yours on PostgreSQL: how it runs one statement with `$1`, `$2` … and texts for them. A client of `pg` is one as it is; docs/outbox.md has
 * the function for postgres.js, Drizzle, Kysely and Prisma.
 */
export type OutboxTransaction = OutboxStatement | { query: OutboxStatement }
/** The values are job, input, options and id. */
export type OutboxStatement = (text: string, values: [string, string | null, string, string]) => PromiseLike<unknown>

export interface OutboxStartOptions extends StartOptions {
  /**
   * Starts of one order key are made in the order in which they were put in: within a transaction, and of a transaction that began to put in after another
   * had committed. In which order they run is the job's `sequence`. Example: `'customer-17'`. Default: each for itself.
   */
  order?: string
}

/**
 * Starts runs as a part of your own transaction: in one that commits each starts exactly once, in one that rolls back none. The outbox is a table in your database
 * (`mainspring outbox install`), which a server or `mainspring outbox relay` takes over.
 * ```ts
 * await client.query('begin')
 * await client.query('insert into orders …')
 * await outbox.start(client, ship, { order: 17 })
 * await client.query('commit')
 * ```
 */
export class Outbox {
  readonly #schema: string | null

  constructor(schema: string | null = null) {
    this.#schema = schema
  }

  /** The outbox of a schema that is not on the search path, such as that of the scheduler's own database: `outbox.in('mainspring')`. */
  in(schema: string): Outbox {
    return new Outbox(check.name(schema, '/schema'))
  }

  /**
   * Puts a start into the outbox. The run follows the commit: there is nothing to wait for here. Answers the row's id, a UUID.
   * @throws InvalidOption, InvalidInput, Unserialisable before anything is sent; whatever the transaction throws.
   */
  start<Input, Output>(transaction: OutboxTransaction, job: Job<Input, Output>, ...args: OutboxArguments<Input>): Promise<string>
  start(transaction: OutboxTransaction, job: string, input?: unknown, options?: OutboxStartOptions): Promise<string>
  async start(
    transaction: OutboxTransaction,
    job: AnyJob | string,
    input?: unknown,
    { order, ...options }: OutboxStartOptions = {},
  ): Promise<string> {
    if (order !== undefined) check.name(order, '/order')
    const { definition, input: sent, ...said } = await oneStart(job, input, options)
    const id = timedUuid()
    const place = this.#schema === null ? '' : `"${this.#schema.replaceAll('"', '""')}".`
    const text = `select ${place}mainspring_start_json($1::text, $2::text, $3::text, $4::uuid)::text as id`
    const values: Parameters<OutboxStatement>[1] = [
      definition,
      sent === undefined ? null : JSON.stringify(sent),
      JSON.stringify({ ...said, order }),
      id,
    ]
    await (typeof transaction === 'function' ? transaction(text, values) : transaction.query(text, values))
    return id
  }
}

export const outbox: Outbox = new Outbox()

export type OutboxArguments<Input> = undefined extends Input
  ? [input?: Input, options?: OutboxStartOptions]
  : [input: Input, options?: OutboxStartOptions]

/** A UUID of version 7, as `newId` makes them in the form of runs. */
function timedUuid(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
