import { describe, expect, test } from 'vitest'
import { CODES, type Code, InvariantError, invariant, UserError } from './errors.ts'

describe('every code builds its error', () => {
  test.each(Object.entries(CODES) as [Code, readonly [number, string]][])('%s', (code, [status, title]) => {
    const error = new UserError(code)
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code]).toEqual(['UserError', code])
    expect(error.problem).toEqual({ code, status, title })
    expect(error.message).toBe(`${title} [${code}]`)
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/) // kebab case
    expect(title).toMatch(/^[A-Z].*\.$/) // a sentence
    expect(status >= 400 && status <= 599).toBe(true)
  })

  // RFC 9110, section 15; RFC 6585 for 429.
  test.each([
    ['invalid-input', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['run-not-found', 404],
    ['key-conflict', 409],
    ['payload-too-large', 413],
    ['unsupported-media-type', 415],
    ['refused-data', 422],
    ['overloaded', 429],
    ['internal', 500],
    ['unavailable', 503],
  ] as const)('%s is answered with %d', (code, status) => expect(new UserError(code).problem.status).toBe(status))
})

test('an error of the user says where, what was found and what to do', () => {
  const error = new UserError('invalid-option', { at: '/retry/attempts', found: 0, hint: '1 is the least.', retryAfter: 2, data: { least: 1 } })
  expect(error.message).toBe('An option has a value that it cannot have. At /retry/attempts. 1 is the least. [invalid-option]')
  expect(error.problem).toEqual({
    code: 'invalid-option',
    status: 400,
    title: 'An option has a value that it cannot have.',
    at: '/retry/attempts',
    found: 0,
    hint: '1 is the least.',
    retryAfter: 2,
    data: { least: 1 },
  })
})

test('details may word the title, but never the code', () => {
  const problem = new UserError('invalid-input', { title: 'This is not a cursor.', code: 'other' } as never).problem
  expect([problem.code, problem.title]).toEqual(['invalid-input', 'This is not a cursor.'])
})

test('an invariant that holds says nothing; one that does not names the actor', () => {
  expect(() => invariant(true, 'holds', {})).not.toThrow()
  const facts = { run: 'r1', phase: 'ready' }
  expect(() => invariant(0, 'a result needs a running attempt', facts)).toThrow(new InvariantError('a result needs a running attempt', facts))
  expect(new InvariantError('what', facts)).toMatchObject({ name: 'InvariantError', message: 'what {"run":"r1","phase":"ready"}', facts })
})
