import { type Answer, type StoreFault, StoreRefused, StoreUnavailable } from '../store.ts'

/** The transaction was ended without effect, for a reason that the server gave. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly code: string
  constructor(cause: Error, code: string) {
    super(cause.message, { cause })
    this.code = code
  }
}

/** The server's code of an error, or null when it is the connection's. */
export function codeOf(error: unknown): string | null {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof severity === 'string' && typeof code === 'string' ? code : null
}

export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  const message = error instanceof AggregateError ? error.errors.map(({ message }) => message).join('; ') : messageOf(error)
  return new StoreUnavailable(`PostgreSQL: ${message}`, { cause: error, fault: faultOf(error instanceof Aborted ? error.code : codeOf(error)) })
}

export function refusal(why: string, cause?: unknown): StoreRefused {
  return new StoreRefused(why, { cause })
}

/**
 * What an aborted transaction means (E3): nothing of it was written.
 * - the data is at fault: it meets or misses a row, is too large, or is no value of its column (classes 21, 22, 23, 54).
 * - the database takes no writes: told as unknown, so that its reason is shown and it is asked again until it does.
 * - all else passes: a deadlock, a lock or statement timeout, too many connections, too little memory.
 */
export function answerOf(error: Aborted): Answer {
  const fault = faultOf(error.code)
  if (fault !== null) return { is: 'unknown', fault }
  return { is: 'refused', resend: !/^(21|22|23|54)/.test(error.code), why: whyOf(error) }
}

/** What the last line of a commit's statement raises when a count differs: its message is all that SQL alone can carry. */
function whyOf({ code, message }: Aborted): string {
  const counted = code === '22P02' ? /"mainspring: (.*)"$/.exec(message) : null
  return counted?.[1] ?? message
}

function faultOf(code: string | null): StoreFault | null {
  if (code === '53100') return { is: 'full', what: 'the disk of the database is full', remedy: 'make room on it' }
  if (code === '25006')
    return {
      is: 'read-only',
      what: 'the database takes no writes: it is a standby, or set to read only',
      remedy: 'name the primary, or let it take writes',
    }
  if (code === '58030') return { is: 'failing', what: 'the disk of the database fails', remedy: 'look at the log of the database' }
  return null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
