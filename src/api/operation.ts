import type { Static, TSchema } from 'typebox'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { PAGE_DEFAULT, PAGE_MAX, WAIT_MS_MAX } from '../core/bounds.ts'
import { UserError } from '../core/errors.ts'
import type { CommandId, RunId } from '../core/ids.ts'
import { durationMs, type Instant } from '../core/time.ts'
import type { Engine } from '../engine/face.ts'
import { explainMismatch, foundText, nearest, oneOf } from './check.ts'
import { parseInstant } from './instants.ts'
import type { Answer } from './problem.ts'
import { type Place, splitPayloads } from './raw.ts'
import { Duration, InstantText, Name } from './schemas.ts'
import type { ServerFacts } from './server.ts'
import type { Variables } from './variables/sources.ts'

/**
 * One operation of the API, whole: from it come the HTTP route, its part of `/openapi.json`, and the call of an embedded node. Whatever `handle` is given
 * has been checked, so that nothing reaches the engine that is refused.
 */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Operation {
  name: string
  method: Method
  /** Parameters in braces. */
  path: string
  summary: string
  query: Record<string, QueryParameter<unknown>>
  body: BodySpec<TSchema> | null
  /** By status, the schema of the answer. */
  answers: Record<number, TSchema>
  /** Of what is answered; null: JSON. */
  contentType: string | null
  run(context: Context, call: OperationCall): Promise<Answer>
}

export interface OperationCall {
  params: Record<string, string>
  query?: Record<string, string | string[] | undefined>
  /** JSON text. */
  body?: string
  callKey?: string
  /** The API key's name. */
  by?: string | null
  /** Ends a long poll or a wait. */
  signal?: AbortSignal
}

export interface Context {
  engine: Engine
  now(): Instant
  newId(): string
  facts: ServerFacts
  variables: Variables
  /** Where it is reached over HTTP; null: nowhere. */
  listening: { bind: string | null; asksForKeys: boolean }
}

export interface BodySpec<B extends TSchema> {
  schema: B
  /** Where payloads are in it. */
  raw: Place | null
  /** An empty body counts as `{}`. */
  optional: boolean
}

/** A parameter of the query string: how it is read, and how OpenAPI shows it. */
export interface QueryParameter<T> {
  schema: TSchema
  repeatable: boolean
  read(values: string[], at: string): T
}
type Read<Q> = { [K in keyof Q]?: Q[K] extends QueryParameter<infer T> ? T : never }

export interface Request<Q, B> {
  params: { namespace: string; name: string; worker: string; node: string; backfill: string; batch: string; token: string }
  query: Read<Q>
  body: B
  payloads: string[]
  by: string | null
  callKey: string | null
  signal: AbortSignal
  context: Context
  engine: Engine
  /** The run of the path, by its whole id or any ending that only one has. */
  runId(): Promise<RunId>
  /** The command's id: what the caller sent, so that a repeat has no further effect (E9), or a fresh one. */
  command(): { id: CommandId; by: string | null }
}

interface Definition<Q extends Record<string, QueryParameter<unknown>>, B extends TSchema> {
  name: string
  method: Method
  path: string
  summary: string
  contentType?: string
  query?: Q
  body?: { schema: B; raw?: Place; optional?: boolean }
  answers: Record<number, TSchema>
  /** The status is the only one of `answers`, unless the answer names it. */
  handle(request: Request<Q, Static<B>>): Promise<Answer | string> | Answer | string
}

// biome-ignore lint/complexity/noBannedTypes: no query parameters
export function operation<B extends TSchema, Q extends Record<string, QueryParameter<unknown>> = {}>(definition: Definition<Q, B>): Operation {
  const { name, method, path, summary, answers } = definition
  const query = definition.query ?? ({} as Q)
  const body = definition.body
    ? { schema: definition.body.schema, raw: definition.body.raw ?? null, optional: definition.body.optional ?? false }
    : null
  const contentType = definition.contentType ?? null
  const readBody = body === null ? refuseBody : bodyReader(body)
  const status = Number(Object.keys(answers)[0])
  return {
    name,
    method,
    path,
    summary,
    query,
    body,
    answers,
    contentType,
    async run(context, call) {
      const params = checkedParams(call.params)
      const callKey = checkedCallKey(call.callKey)
      const read = call.query === undefined ? {} : readQuery(query, call.query)
      const { value, payloads } = readBody(call.body)
      const by = call.by ?? null
      const answer = await definition.handle({
        params: params as Request<Q, B>['params'],
        query: read as Read<Q>,
        body: value as Static<B>,
        payloads,
        by,
        callKey,
        signal: call.signal ?? NEVER,
        context,
        engine: context.engine,
        runId: () => resolveRun(context.engine, params),
        command: () => ({ id: callKey ?? context.newId(), by }),
      })
      if (typeof answer !== 'string') return answer
      return contentType === null ? { status, body: answer } : { status, body: answer, contentType }
    },
  }
}

const NEVER = new AbortController().signal

function refuseBody(text: string | undefined): { value: unknown; payloads: string[] } {
  if (text !== undefined && text.trim() !== '') throw new UserError('invalid-input', { at: '', hint: 'this operation takes no body' })
  return { value: null, payloads: [] }
}

function bodyReader(spec: BodySpec<TSchema>): (text: string | undefined) => { value: unknown; payloads: string[] } {
  const compiled = Compile(spec.schema)
  return text => {
    const absent = text === undefined || text === ''
    if (absent && !spec.optional) throw new UserError('invalid-json', { hint: 'the body is empty; a JSON object is expected', found: '' })
    const split = absent ? { value: {}, payloads: [] } : splitPayloads(text, spec.raw)
    if (!compiled.Check(split.value))
      throw explainMismatch(spec.schema, split.value) ?? new UserError('invalid-input', { at: '', hint: 'see /openapi.json for what is expected' })
    return split
  }
}

const { pattern, description } = Name as { pattern?: string; description?: string }
const NAME = new RegExp(pattern as string, 'u')
const NAME_HINT = `expected ${description}`
const RUN_ENDING = /^[0-9a-hjkmnp-tv-z]{1,26}$/

export function checkedParams(params: Record<string, string>): Record<string, string> {
  for (const name in params) {
    const value = params[name] as string
    if (name === 'run') {
      if (!RUN_ENDING.test(value))
        throw new UserError('run-not-found', {
          at: '/path/run',
          found: foundText(value),
          hint: 'a run is named by its id or the last characters of it',
        })
    } else if (!NAME.test(value)) throw new UserError('invalid-input', { at: `/path/${name}`, found: foundText(value), hint: NAME_HINT })
  }
  return params
}

export async function resolveRun(engine: Engine, params: Record<string, string>): Promise<RunId> {
  checkedParams(params)
  return engine.runs.resolve(params.namespace as string, params.run as string)
}

/** `Idempotency-Key`: what may stand in a header, and is short enough to be kept. */
const CALL_KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

function checkedCallKey(callKey: string | undefined): string | null {
  if (callKey === undefined) return null
  if (!CALL_KEY.test(callKey))
    throw new UserError('invalid-input', {
      at: '/header/idempotency-key',
      found: foundText(callKey),
      hint: 'expected 1 to 255 printable ASCII characters',
    })
  return callKey
}

function readQuery(
  parameters: Record<string, QueryParameter<unknown>>,
  query: Record<string, string | string[] | undefined>,
): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(query)) {
    if (given === undefined) continue
    const at = `/query/${name.slice(0, 100)}`
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (parameter === undefined) {
      const near = nearest(name, Object.keys(parameters))
      const known = Object.keys(parameters).join(', ') || 'none'
      throw new UserError('invalid-input', {
        at,
        hint: `this parameter is not known; ${near === null ? `known are: ${known}` : `did you mean ${near}?`}`,
      })
    }
    const values = Array.isArray(given) ? given : [given]
    if (values.length > (parameter.repeatable ? QUERY_VALUES_MAX : 1))
      throw new UserError('too-many-items', {
        at,
        found: values.length,
        hint: parameter.repeatable ? `at most ${QUERY_VALUES_MAX} values` : 'it may be given once',
      })
    read[name] = parameter.read(values, at)
  }
  return read
}

/** Values of a repeatable parameter. */
const QUERY_VALUES_MAX = 100

export const names: QueryParameter<string[]> = {
  schema: Name,
  repeatable: true,
  read: (values, at) => values.map(value => checked(NAME.test(value), value, at, NAME_HINT, value)),
}
export const name: QueryParameter<string> = { ...names, repeatable: false, read: (values, at) => names.read(values, at)[0] as string }
export function oneOrMore<T extends string>(known: readonly T[]): QueryParameter<T[]> {
  return {
    schema: Type.Enum([...known]),
    repeatable: true,
    read: (values, at) => values.map(value => checked((known as readonly string[]).includes(value), value, at, oneOf(known, value), value as T)),
  }
}
/** `name:value`, all of which must be there. */
const pairs = (what: string): QueryParameter<Record<string, string>> => ({
  schema: Type.String({ pattern: '^[^:]+:', description: `${what} as name:value` }),
  repeatable: true,
  read(values, at) {
    const pairs = values.map(value => {
      const colon = checked(value.indexOf(':') > 0, value, at, `expected ${what} as name:value`, value.indexOf(':'))
      return [value.slice(0, colon), value.slice(colon + 1)] as const
    })
    const read = Object.fromEntries(pairs)
    const twice = pairs.find(([name, value]) => read[name] !== value)
    if (twice)
      throw new UserError('invalid-input', {
        at,
        found: foundText(twice.join(':')),
        hint: `a run has one value of ${what.replace(/^an? /, 'the ')} ${foundText(twice[0])}, so two can never match`,
      })
    return read
  },
})
export const tags = pairs('a tag')
export const fields = pairs('a field')
const WORDS_MAX = 200
/** What people look for. */
export const words: QueryParameter<string> = {
  schema: Type.String({ minLength: 1, maxLength: WORDS_MAX }),
  repeatable: false,
  read: ([text = ''], at) => {
    const hint = `expected a text of 1 to ${WORDS_MAX} characters`
    return checked(text.length >= 1 && text.length <= WORDS_MAX, text, at, hint, text)
  },
}
export const duration: QueryParameter<number> = {
  schema: Duration,
  repeatable: false,
  read: ([text = ''], at) => durationMs(/^\d{1,15}$/.test(text) ? Number(text) : text.slice(0, 100), at),
}
export const instant: QueryParameter<Instant> = {
  schema: InstantText,
  repeatable: false,
  read: (values, at) => parseInstant(values[0] as string, at),
}
export function upTo(maximum: number, otherwise: number): QueryParameter<number> {
  return between(1, maximum, otherwise)
}
export function between(minimum: number, maximum: number, otherwise: number): QueryParameter<number> {
  return {
    schema: Type.Integer({ minimum, maximum, default: otherwise }),
    repeatable: false,
    read(values, at) {
      const text = values[0] as string
      const number = (minimum < 0 ? /^-?\d{1,9}$/ : /^\d{1,9}$/).test(text) ? Number(text) : Number.NaN
      return checked(number >= minimum && number <= maximum, text, at, `expected a whole number from ${minimum} to ${maximum}`, number)
    },
  }
}
export const limit: QueryParameter<number> = upTo(PAGE_MAX, PAGE_DEFAULT)
/** A time that whoever reads it may take as local. */
export const moment: QueryParameter<string> = {
  schema: Type.String({ maxLength: 100, description: 'a time in ISO 8601, with its offset or local' }),
  repeatable: false,
  read: ([text = ''], at) => checked(text.length <= 100, text, at, 'expected a time in ISO 8601, with its offset or local', text),
}
export const cursor: QueryParameter<string> = { schema: Type.String(), repeatable: false, read: values => values[0] as string }
export const wait: QueryParameter<number> = {
  schema: Duration,
  repeatable: false,
  read(values, at) {
    const text = values[0] as string
    const ms = duration.read(values, at)
    return checked(ms <= WAIT_MS_MAX, text, at, `one waits ${WAIT_MS_MAX / 1_000} seconds at most; ask again`, ms)
  },
}

function checked<T>(holds: boolean, found: string, at: string, hint: string, value: T): T {
  if (!holds) throw new UserError('invalid-input', { at, found: foundText(found), hint })
  return value
}
