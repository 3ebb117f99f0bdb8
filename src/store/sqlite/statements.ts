import type { DatabaseSync, StatementSync } from 'node:sqlite'

type Value = string | number | null | Uint8Array

/** As `limit ?`, but computed: SQLite plans by a limit that is a parameter, and so prepares the statement again at each call (4 µs and more). */
export const LIMIT = '? + 0'

/**
 * Rows in one statement, most first. Binding and starting a statement cost half of an insert; measured of births and moves, without their commit:
 * 6.7 and 18.5 µs a row at 1 row, 5.6 and 12.4 at 10, 5.4 and 9.3 at 50.
 */
const ROWS_PER_STATEMENT = [64, 8, 1] as const

/** A statement over many rows: it runs for 64 of them at a time, what is left goes by 8, then one by one. */
export class BulkStatement {
  readonly #columns: number
  readonly #what: string
  readonly #sizes: { rows: number; statement: StatementSync }[]
  readonly #parameters: Value[] = []

  /**
   * `sql` gets `(?,?), (?,?)`, a group for each row, where it names `values`. Every row must change exactly one row of the database.
   * `what` says what is wrong of a row that does not, after its id.
   */
  constructor(database: DatabaseSync, columns: number, what: string, sql: (values: string) => string) {
    const row = `(${Array(columns).fill('?').join()})`
    this.#columns = columns
    this.#what = what
    this.#sizes = ROWS_PER_STATEMENT.map(rows => ({ rows, statement: database.prepare(sql(Array(rows).fill(row).join())) }))
  }

  /** Runs for `count` rows; `fill` writes the parameters of the next row at an index. The first parameter of a row is its id. */
  run(count: number, fill: (parameters: Value[], index: number) => void): void {
    let left = count
    for (const { rows, statement } of this.#sizes) {
      for (; left >= rows; left -= rows) {
        this.#parameters.length = rows * this.#columns
        for (let row = 0; row < rows; row++) fill(this.#parameters, row * this.#columns)
        const { changes } = statement.run(...this.#parameters)
        if (changes !== rows) throw this.#disagreement(rows, Number(changes))
      }
    }
  }

  #disagreement(rows: number, changes: number): Disagreement {
    const ids = Array.from({ length: rows }, (_, row) => this.#parameters[row * this.#columns])
    return new Disagreement(rows === 1 ? `Run ${ids[0]} ${this.#what}.` : `${rows - changes} of these runs ${this.#what}: ${ids.join(', ')}.`)
  }
}

/** The engine's memory and the store disagree: an insert met an existing key, an update met no row. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}
