import type { Database } from './database.ts'

/**
 * Rows that batches leave dead in the open table before it is vacuumed. Autovacuum looks once a minute, and a minute's moves are a million: the table grew to
 * 280 MB, and what is read from the head of an index passed all of them (340 ms, after a vacuum of 0.7 s it took 0.8).
 */
const DEAD_ROWS_MAX = 200_000

/** Told of rows that were changed or moved. One vacuum at a time; nobody waits for it, and what it does not manage autovacuum will. */
export function vacuumsOf(database: Database, deadRowsMax = DEAD_ROWS_MAX): (dead: number) => void {
  let dead = 0
  let running = false
  return more => {
    dead += more
    if (dead < deadRowsMax || running) return
    dead = 0
    running = true
    database.vacuum('run_open').finally(() => {
      running = false
    })
  }
}
