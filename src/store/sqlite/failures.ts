import type { DatabaseSync } from 'node:sqlite'
import type { Answer } from '../store.ts'
import { Disagreement } from './statements.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const BUSY = 5
const LOCKED = 6
const TOO_BIG = 18
const CONSTRAINT = 19
const MISMATCH = 20

/**
 * What a failed transaction means (E3), after rolling back what can be rolled back.
 * - the data is at fault: it meets or misses a row, is too large, or is no SQL value at all.
 * - another connection, such as a person's shell, holds the database: the same batch may go again.
 * - all else, I/O errors, a full disk: it may be on disk or not, whatever the rollback says, for a failed fsync can reappear after a crash.
 */
export function failureOf(database: DatabaseSync, error: unknown): Answer {
  const rolledBack = rollback(database)
  const code = primaryCode(error)
  const why = error instanceof Error ? error.message : String(error)
  if (!rolledBack) return { is: 'unknown' }
  if (error instanceof Disagreement || code === CONSTRAINT || code === TOO_BIG || code === MISMATCH) return { is: 'refused', resend: false, why }
  if (code === BUSY || code === LOCKED) return { is: 'refused', resend: true, why }
  if (code === null && isBadArgument(error)) return { is: 'refused', resend: false, why }
  return { is: 'unknown' }
}

/** False when the transaction could not be ended. */
export function rollback(database: DatabaseSync): boolean {
  try {
    if (database.isTransaction) database.exec('rollback')
    return true
  } catch {
    return !database.isTransaction
  }
}

/** SQLite's primary result code, or null when the error is not SQLite's. */
export function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : null
}

/** A value that cannot be bound, such as undefined: refused by Node before SQLite sees it. */
function isBadArgument(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_INVALID_ARG_TYPE' || error instanceof RangeError
}
