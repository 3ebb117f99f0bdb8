import { createHash } from 'node:crypto'
import type { Connection, Submittable } from 'pg'

/** SQL with a name that follows from it: whoever else prepared that name on the same server process prepared the same. */
export interface Statement {
  text: string
  name: string
}

export function statement(text: string): Statement {
  return { text, name: `ms_${createHash('sha1').update(text).digest('hex').slice(0, 20)}` }
}

/** Texts as PostgreSQL reads them, or bytes in its binary format (arrays.ts). */
export type Parameter = string | Buffer | null
export interface Step {
  statement: Statement
  parameters: readonly Parameter[]
}
/** Every column of a result is `text` or `bytea`, and read as UTF-8. */
export type ResultRow = (string | null)[]

export interface Result {
  rows: ResultRow[]
  /** What the database says that it did: `COMMIT`, `UPDATE 1`. */
  tag: string
}

/** What a connection has prepared. It may be behind a pooler that gives it another server process: then database.ts stops naming statements. */
const prepared = new WeakMap<Connection, Set<string>>()

/**
 * Several statements in one round trip: all are sent before the first is answered, and one that fails skips the rest (the protocol's "pipelining",
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). So a node that is paused holds no lock between two of them.
 */
export class Pipeline implements Submittable {
  readonly results: Result[] = []
  /** Rejects with the server's error, or with that of the connection. */
  readonly done: Promise<Result[]>
  readonly #steps: readonly Step[]
  readonly #named: boolean
  #rows: ResultRow[] = []
  #stream: { destroy(): void } | null = null
  #parsed: string[] = []
  #resolve!: (results: Result[]) => void
  #reject!: (error: Error) => void

  constructor(steps: readonly Step[], named: boolean) {
    this.#steps = steps
    this.#named = named
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: Connection): void {
    const { stream } = connection
    this.#stream = stream
    const known = prepared.get(connection) ?? new Set()
    prepared.set(connection, known)
    stream.cork()
    try {
      for (const { statement, parameters } of this.#steps) {
        const name = this.#named ? statement.name : ''
        if (name === '' || !known.has(name)) {
          // An earlier attempt may have failed after it was prepared.
          if (name !== '') connection.close({ type: 'S', name }, true)
          connection.parse({ name, text: statement.text, types: [] }, true)
          if (name !== '') {
            known.add(name)
            this.#parsed.push(name)
          }
        }
        connection.bind({ statement: name, values: parameters as string[], binary: true as unknown as string }, true)
        connection.execute(null as never, true)
      }
      connection.sync()
    } finally {
      stream.uncork()
    }
  }

  /** Ends the connection: what the server makes of it stays unknown. */
  abandon(): void {
    this.#stream?.destroy()
  }

  handleDataRow({ fields }: { fields: ResultRow }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.results.push({ rows: this.#rows, tag: text })
    this.#rows = []
  }

  handleReadyForQuery(): void {
    this.#resolve(this.results)
  }

  handleError(error: Error, connection: Connection): void {
    const known = prepared.get(connection)
    for (const name of this.#parsed) known?.delete(name)
    this.#reject(error)
  }

  handleEmptyQuery(): void {}
  handleRowDescription(): void {}
  handlePortalSuspended(): void {}
}
