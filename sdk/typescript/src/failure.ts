import { FAILURE_CAUSES_MAX, FAILURE_ERRORS_MAX, FAILURE_LINKS_MAX, FAILURE_TEXT_LENGTH_MAX } from './bounds.ts'
import type { WireFailure } from './wire.ts'

/**
 * An error, or anything else that was thrown, as it is kept with the run: class, message, stack, code, the chain of causes, and what an AggregateError
 * gathers. Bounded: texts are cut at 16 Ki characters, a chain after 10 causes, `errors` after 10, and all of it after 20 errors beside the first; a chain
 * that runs in a circle ends where it closes.
 */
export function failureOf(thrown: unknown): WireFailure {
  return link(thrown, { seen: new Set(), links: FAILURE_LINKS_MAX }, 0)
}

/**
 * The error that a failure tells of. JavaScript's own classes (`TypeError` …) are themselves again; any other is an `Error` of that name.
 * Its stack is the one from where it was thrown, a `code` is there if it had one, `cause` goes on with the chain, and `errors` are those of an AggregateError.
 */
export function errorOf(failure: WireFailure): Error {
  const options = failure.cause === undefined ? undefined : { cause: errorOf(failure.cause) }
  const errors = failure.errors?.map(errorOf)
  const error =
    failure.type === 'AggregateError'
      ? new AggregateError(errors ?? [], failure.message, options)
      : new (CLASSES[failure.type] ?? Error)(failure.message, options)
  if (errors !== undefined && failure.type !== 'AggregateError') define(error, 'errors', errors)
  if (error.name !== failure.type) define(error, 'name', failure.type)
  define(error, 'stack', failure.stack ?? `${failure.type}: ${failure.message}`)
  if (failure.code !== undefined) Object.assign(error, { code: failure.code })
  return error
}

const CLASSES: Record<string, ErrorConstructor | undefined> = Object.assign(Object.create(null), {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
})

interface Room {
  seen: Set<unknown>
  links: number
}

function link(thrown: unknown, room: Room, depth: number): WireFailure {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) return { type: 'NotAnError', message: cut(`thrown: ${described(thrown)}`) }
  room.seen.add(thrown)
  const failure: WireFailure = { type: cut(String(thrown.name || 'Error')), message: cut(String(thrown.message)) }
  if (typeof thrown.stack === 'string') failure.stack = cut(thrown.stack)
  const { code, cause, errors } = thrown as { code?: unknown; cause?: unknown; errors?: unknown }
  if (typeof code === 'string' || typeof code === 'number') failure.code = cut(String(code))
  const kept = (part: unknown): WireFailure[] => {
    const fits = part !== undefined && part !== null && depth < FAILURE_CAUSES_MAX && !room.seen.has(part)
    return fits && room.links-- > 0 ? [link(part, room, depth + 1)] : []
  }
  const [first] = kept(cause)
  if (first !== undefined) failure.cause = first
  if (!isAggregate(thrown, errors)) return failure
  const gathered = errors.slice(0, FAILURE_ERRORS_MAX).flatMap(kept)
  if (gathered.length > 0) failure.errors = gathered
  return failure
}

/** Other errors have lists of that name too (what a schema refuses): only errors are taken. */
function isAggregate(thrown: Error, errors: unknown): errors is unknown[] {
  return Array.isArray(errors) && (thrown instanceof AggregateError || errors.some(error => error instanceof Error))
}

function isErrorLike(thrown: unknown): thrown is Error {
  return typeof thrown === 'object' && thrown !== null && typeof (thrown as Error).message === 'string' && typeof (thrown as Error).name === 'string'
}

function described(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown))
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

function cut(text: string): string {
  return text.length <= FAILURE_TEXT_LENGTH_MAX ? text : `${text.slice(0, FAILURE_TEXT_LENGTH_MAX - 1)}…`
}

function define(error: Error, name: 'name' | 'stack' | 'errors', value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false })
}
