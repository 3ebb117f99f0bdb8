import { FAILURE_CAUSES_MAX, FAILURE_TEXT_LENGTH_MAX } from './bounds.ts'
import type { WireFailure } from './wire.ts'

/**
 * An error, or anything else that was thrown, as it is kept with the run: class, message, stack, code and the chain of causes.
 * Bounded: texts are cut at 16 Ki characters, the chain after 10 causes; a chain that runs in a circle ends where it closes.
 */
export function failureOf(thrown: unknown): WireFailure {
  return link(thrown, new Set(), FAILURE_CAUSES_MAX)
}

/**
 * The error that a failure tells of. JavaScript's own classes (`TypeError` …) are themselves again; any other is an `Error` of that name.
 * Its stack is the one from where it was thrown, a `code` is there if it had one, and `cause` goes on with the chain.
 */
export function errorOf(failure: WireFailure): Error {
  const Class = CLASSES[failure.type] ?? Error
  const error = failure.cause === undefined ? new Class(failure.message) : new Class(failure.message, { cause: errorOf(failure.cause) })
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

function link(thrown: unknown, seen: Set<unknown>, left: number): WireFailure {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) return { type: 'NotAnError', message: cut(`thrown: ${described(thrown)}`) }
  seen.add(thrown)
  const failure: WireFailure = { type: cut(String(thrown.name || 'Error')), message: cut(String(thrown.message)) }
  if (typeof thrown.stack === 'string') failure.stack = cut(thrown.stack)
  const { code, cause } = thrown as { code?: unknown; cause?: unknown }
  if (typeof code === 'string' || typeof code === 'number') failure.code = cut(String(code))
  if (cause !== undefined && cause !== null && left > 0 && !seen.has(cause)) failure.cause = link(cause, seen, left - 1)
  return failure
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

function define(error: Error, name: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false })
}
