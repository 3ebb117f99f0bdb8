import { expect, test } from 'vitest'
import * as errors from './errors.ts'
import { errorOf, failureOf } from './failure.ts'

const ended = { run: 'run-1', job: 'resize', reason: 'attempts-exhausted', failure: failureOf(new RangeError('too large')) }
const problem = {
  type: 'about:blank',
  code: 'key-conflict',
  status: 409,
  title: 'This key was used with another input.',
  at: '/key',
  hint: 'use another',
  retryAfter: 2,
}
const table: [string, Error & { code: string }, string, string][] = [
  ['Abort', new errors.Abort('no such customer', { cause: new Error('404') }), 'abort', 'no such customer'],
  ['Skip', new errors.Skip('nothing to do'), 'skipped', 'nothing to do'],
  ['InvalidOption', new errors.InvalidOption('Wrong.', { at: '/x', found: 1, hint: 'do it right' }), 'invalid-option', 'Wrong. Do it right.'],
  [
    'InvalidInput',
    new errors.InvalidInput('resize', [{ at: '/url', message: 'not a url' }]),
    'invalid-input',
    'The input of job "resize" is not what its schema asks for: /url: not a url.',
  ],
  [
    'ResultGone',
    new errors.ResultGone('r1', 2_000_000),
    'result-gone',
    'A result of 2000000 characters is kept beside run r1, and is not there any more. Run again what gave it, or keep runs for longer.',
  ],
  ['Unserialisable', new errors.Unserialisable('A function.', { at: '/f' }), 'unserialisable', 'A function.'],
  ['RequestRefused', new errors.RequestRefused(problem), 'key-conflict', 'This key was used with another input. At /key. Use another.'],
  [
    'Unreachable',
    new errors.Unreachable('http://127.0.0.1:7575', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    'unreachable',
    'No answer from http://127.0.0.1:7575 (ECONNREFUSED). Is the server running? Start one: mainspring server, or name another in MAINSPRING_URL.',
  ],
  ['StreamRefused', new errors.StreamRefused('answer', 'closed'), 'stream-closed', 'The stream "answer" was closed.'],
  ['RunFailed', new errors.RunFailed(ended), 'run-failed', 'resize run-1 failed (attempts-exhausted): too large'],
  ['RunCancelled', new errors.RunCancelled({ ...ended, failure: null }), 'run-cancelled', 'resize run-1 was cancelled.'],
  ['RunTimedOut', new errors.RunTimedOut({ ...ended, reason: 'expired', failure: null }), 'run-timed-out', 'resize run-1 timed out (expired).'],
  ['RunTerminated', new errors.RunTerminated({ ...ended, failure: null }), 'run-terminated', 'resize run-1 was terminated.'],
  [
    'UpdateTimeout',
    new errors.UpdateTimeout('run-1', 'address', 50),
    'update-timeout',
    'The handler of "address" of run-1 had not ended after 50 ms. It goes on; wait again with the same id.',
  ],
  [
    'ResultTimeout',
    new errors.ResultTimeout('run-1', 50),
    'result-timeout',
    'run-1 was still open after 50 ms. It goes on; wait again with result(), or see why with explain().',
  ],
  ['CancelRequested', new errors.CancelRequested('run-1'), 'cancel-requested', 'run-1 was asked to stop.'],
  ['Cancelled', new errors.Cancelled(50), 'scope-cancelled', 'This part of the workflow took longer than 50 ms.'],
  ['AttemptTimedOut', new errors.AttemptTimedOut('run-1', 2), 'attempt-timed-out', 'The time of attempt 2 of run-1 is up.'],
  ['LeaseLost', new errors.LeaseLost('run-1', 2), 'lease-lost', 'The lease on attempt 2 of run-1 is lost; its result may be refused.'],
  ['WorkerStopping', new errors.WorkerStopping('run-1'), 'worker-stopping', 'The worker stops; run-1 was given back.'],
]

test.each(table)('%s says what it is', (name, error, code, message) => {
  expect(Object.entries(errors).find(([exported]) => exported === name)?.[1]).toBe(error.constructor)
  expect(error).toMatchObject({ name, code, message })
})

test('the table has every class', () => {
  const abstract = ['MainspringError', 'RunEnded']
  expect(table.map(([name]) => name).sort()).toEqual(
    Object.keys(errors)
      .filter(name => /^[A-Z]/.test(name) && !abstract.includes(name))
      .sort(),
  )
})

test('the cause of RunFailed is the error of the handler', () => {
  const { cause } = new errors.RunFailed(ended)
  expect(cause).toBeInstanceOf(RangeError)
  expect((cause as Error).stack).toContain('errors.test.ts')
})

test('an error of a class of the user keeps its name', () => {
  class OutOfStock extends Error {
    override name = 'OutOfStock'
  }
  expect(errorOf(failureOf(new OutOfStock('none left')))).toMatchObject({ name: 'OutOfStock', message: 'none left' })
})

test.each([
  ['a text', 'boom', 'thrown: boom'],
  ['undefined', undefined, 'thrown: undefined'],
  ['an object', { a: 1 }, 'thrown: {"a":1}'],
])('%s that was thrown is said', (_, thrown, message) => expect(failureOf(thrown)).toEqual({ type: 'NotAnError', message }))

test('what an AggregateError gathers is kept, each with its causes, and comes back', async () => {
  const two = [new TypeError('first', { cause: new Error('below') }), Object.assign(new Error('second'), { code: 'E2' })]
  const thrown = await Promise.any(two.map(error => Promise.reject(error))).catch((error: unknown) => error)
  const failure = failureOf(thrown)
  expect(failure).toMatchObject({
    type: 'AggregateError',
    errors: [
      { type: 'TypeError', message: 'first', cause: { message: 'below' } },
      { message: 'second', code: 'E2' },
    ],
  })
  const back = errorOf(failure) as AggregateError
  expect(back).toBeInstanceOf(AggregateError)
  expect(back.errors.map(error => (error as Error).message)).toEqual(['first', 'second'])
  expect(back.errors[0]).toBeInstanceOf(TypeError)
  expect(back.errors[0].cause.message).toBe('below')
})

test('of what is gathered the first ten are kept, and no more than 20 errors in all; a list of something else is none', () => {
  const many = new AggregateError(Array.from({ length: 50 }, (_, index) => new Error(`e${index}`, { cause: new Error('why', { cause: 'deeper' }) })))
  const failure = failureOf(many)
  const count = ({ cause, errors = [] }: typeof failure): number =>
    1 + (cause ? count(cause) : 0) + errors.reduce((sum, error) => sum + count(error), 0)
  expect(failure.errors?.map(({ message }) => message)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
  expect(count(failure)).toBe(21)
  expect(failureOf(new AggregateError([1, 'two'])).errors).toEqual([
    { type: 'NotAnError', message: 'thrown: 1' },
    { type: 'NotAnError', message: 'thrown: two' },
  ])
  expect(failureOf(Object.assign(new Error('bad input'), { errors: [{ path: '/a' }] })).errors).toBeUndefined()
})

test('a failure is bounded: texts are cut, chains and circles end', () => {
  const circle = new Error('a')
  circle.cause = new Error('b', { cause: circle })
  expect(failureOf(circle).cause?.cause).toBeUndefined()
  let chain = new Error('x'.repeat(100_000))
  for (let link = 0; link < 50; link++) chain = new Error('x'.repeat(100_000), { cause: chain })
  let links = 0
  for (let failure: ReturnType<typeof failureOf> | undefined = failureOf(chain); failure; failure = failure.cause) {
    expect(failure.message.length).toBeLessThanOrEqual(16 * 1024)
    links++
  }
  expect(links).toBe(11)
})
