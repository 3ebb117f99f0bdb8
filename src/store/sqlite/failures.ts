import type { DatabaseSync } from 'node:sqlite'
import type { Answer } from '../store.ts'
import { primaryCode, SQLITE } from './codes.ts'
import { faultOf } from './disk.ts'
import { Disagreement } from './statements.ts'

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
  if (!rolledBack) return unknown(database, error)
  if (error instanceof Disagreement || code === SQLITE.CONSTRAINT || code === SQLITE.TOO_BIG || code === SQLITE.MISMATCH)
    return { is: 'refused', resend: false, why }
  if (code === SQLITE.BUSY || code === SQLITE.LOCKED) return { is: 'refused', resend: true, why }
  if (code === null && isBadArgument(error)) return { is: 'refused', resend: false, why }
  return unknown(database, error)
}

function unknown(database: DatabaseSync, error: unknown): Answer {
  const fault = faultOf(database.location(), error)
  return { is: 'unknown', ...(fault && { fault }) }
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

/** A value that cannot be bound, such as undefined: refused by Node before SQLite sees it. */
function isBadArgument(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_INVALID_ARG_TYPE' || error instanceof RangeError
}
