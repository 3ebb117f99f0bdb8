import type { TSchema } from 'typebox'
import { type Code, UserError } from '../core/errors.ts'
import { escapePointer } from './raw.ts'

/**
 * Says what is wrong with a value, in words: the first place where it differs from a schema. The compiled check (fast, and mute) comes first; this one
 * walks the same schema after it has said no. It knows the part of JSON Schema that schemas.ts uses.
 */
export function explainMismatch(schema: TSchema, value: unknown, at = ''): UserError | null {
  return mismatch(schema as Schema, value, at, {})
}

interface Schema {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  $ref?: string
  $defs?: Record<string, Schema>
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean
  maxProperties?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  pattern?: string
  maxLength?: number
  minimum?: number
  maximum?: number
  description?: string
}
type Definitions = Record<string, Schema>

function mismatch(schema: Schema, value: unknown, at: string, outer: Definitions): UserError | null {
  const definitions = schema.$defs ?? outer
  if (schema.$ref !== undefined) return mismatch(definitions[schema.$ref] as Schema, value, at, definitions)
  if (schema.anyOf) return mismatchOfAny(schema, value, at, definitions)
  if (schema.const !== undefined) return value === schema.const ? null : wrong('invalid-input', at, value, `expected ${JSON.stringify(schema.const)}`)
  if (schema.enum) return schema.enum.includes(value) ? null : wrong('invalid-input', at, value, oneOf(schema.enum.map(String), value))
  switch (schema.type) {
    case 'object':
      return mismatchOfObject(schema, value, at, definitions)
    case 'array':
      return mismatchOfArray(schema, value, at, definitions)
    case 'string':
      return mismatchOfString(schema, value, at)
    case 'integer':
    case 'number':
      return mismatchOfNumber(schema, value, at)
    case 'boolean':
      return typeof value === 'boolean' ? null : wrong('invalid-input', at, value, 'expected true or false')
    case 'null':
      return value === null ? null : wrong('invalid-input', at, value, 'expected null')
    default:
      return null
  }
}

/** Of kinds told apart by `is`, the one that is meant; of types, the one that the value has. */
function mismatchOfAny(schema: Schema, value: unknown, at: string, definitions: Definitions): UserError | null {
  const kinds = schema.anyOf as Schema[]
  const problems = kinds.map(kind => mismatch(kind, value, at, definitions))
  if (problems.includes(null)) return null
  const names = kinds.map(kind => kind.properties?.is?.const)
  if (names.every(name => typeof name === 'string')) {
    if (!isObject(value)) return wrong('invalid-input', at, value, 'expected an object')
    if (!Object.hasOwn(value, 'is')) return wrong('invalid-input', `${at}/is`, undefined, `is missing: ${oneOf(names, undefined)}`)
    return problems[names.indexOf(value.is as string)] ?? wrong('invalid-input', `${at}/is`, value.is, oneOf(names, value.is))
  }
  return (
    problems[likeliest(kinds, value)] ??
    wrong('invalid-input', at, value, `expected ${schema.description ?? kinds.map(kind => kind.type).join(' or ')}`)
  )
}

/** The kind that the value was probably meant to be: of its type, and of objects the one that knows most of its members. Or -1. */
function likeliest(kinds: Schema[], value: unknown): number {
  const type = Array.isArray(value) ? 'array' : typeof value
  const known = (kind: Schema): number => (isObject(value) ? Object.keys(value).filter(name => Object.hasOwn(kind.properties ?? {}, name)).length : 0)
  let best = -1
  for (const [index, kind] of kinds.entries()) {
    if (kind.type !== type && !(kind.type === 'integer' && type === 'number')) continue
    if (best < 0 || known(kind) > known(kinds[best] as Schema)) best = index
  }
  return best
}

function mismatchOfObject(schema: Schema, value: unknown, at: string, definitions: Definitions): UserError | null {
  if (!isObject(value)) return wrong('invalid-input', at, value, 'expected an object')
  const properties = schema.properties ?? {}
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name)) {
      const near = nearest(
        name,
        Object.keys(value).filter(key => !Object.hasOwn(properties, key)),
      )
      if (near !== null) return unknownField(at, near, properties)
      return wrong('invalid-input', `${at}/${name}`, undefined, `${name} is missing`)
    }
  const names = Object.keys(value)
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties)
    return wrong('too-many-items', at, names.length, `expected ${schema.description ?? `at most ${schema.maxProperties} members`}`)
  const patterns = Object.entries(schema.patternProperties ?? {})
  for (const name of names) {
    const place = `${at}/${escapePointer(name.slice(0, FOUND_LENGTH_MAX))}`
    const member = Object.hasOwn(properties, name) ? properties[name] : patterns.find(([pattern]) => new RegExp(pattern, 'u').test(name))?.[1]
    if (member === undefined) {
      if (schema.additionalProperties !== false) continue
      return patterns.length > 0 ? wrong('invalid-input', place, name, `expected ${schema.description}`) : unknownField(at, name, properties)
    }
    const problem = mismatch(member, value[name], place, definitions)
    if (problem) return problem
  }
  return null
}

function unknownField(at: string, name: string, properties: Record<string, Schema>): UserError {
  const known = Object.keys(properties)
  const near = nearest(name, known)
  const rest = known.length === 0 ? 'nothing is expected here' : `known are ${known.join(', ')}`
  const hint = near === null ? `this field is not known; ${rest}` : `this field is not known; did you mean ${near}?`
  return wrong('invalid-input', `${at}/${escapePointer(name.slice(0, FOUND_LENGTH_MAX))}`, name, hint)
}

function mismatchOfArray(schema: Schema, value: unknown, at: string, definitions: Definitions): UserError | null {
  if (!Array.isArray(value)) return wrong('invalid-input', at, value, 'expected an array')
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    return wrong('too-many-items', at, value.length, `expected at most ${schema.maxItems} items; send the rest in another call`)
  if (schema.minItems !== undefined && value.length < schema.minItems)
    return wrong('invalid-input', at, value, `expected at least ${schema.minItems} items`)
  for (let index = 0; index < value.length; index++) {
    const problem = mismatch(schema.items as Schema, value[index], `${at}/${index}`, definitions)
    if (problem) return problem
  }
  return null
}

function mismatchOfString(schema: Schema, value: unknown, at: string): UserError | null {
  const expected = `expected ${schema.description ?? 'a text'}`
  if (typeof value !== 'string') return wrong('invalid-input', at, value, expected)
  if (schema.maxLength !== undefined && value.length > schema.maxLength && [...value].length > schema.maxLength)
    return wrong('invalid-input', at, value, expected)
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) return wrong('invalid-input', at, value, expected)
  return null
}

function mismatchOfNumber(schema: Schema, value: unknown, at: string): UserError | null {
  const expected = `expected ${schema.description ?? 'a number'}`
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrong('invalid-input', at, value, expected)
  const fits = (schema.type !== 'integer' || Number.isInteger(value)) && value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value)
  return fits ? null : wrong('invalid-option', at, value, expected)
}

function wrong(code: Code, at: string, found: unknown, hint: string): UserError {
  return new UserError(code, { at, hint, ...(found === undefined ? {} : { found: foundText(found) }) })
}

const FOUND_LENGTH_MAX = 100

/** What was found, short enough for an error: never a whole document. */
export function foundText(found: unknown): unknown {
  if (typeof found === 'string') return found.length > FOUND_LENGTH_MAX ? `${found.slice(0, FOUND_LENGTH_MAX)}…` : found
  if (Array.isArray(found)) return `an array of ${found.length}`
  if (typeof found === 'object' && found !== null) return 'an object'
  return found
}

/** `expected one of a, b, c`, with the nearest if the value resembles one. */
export function oneOf(names: readonly string[], value: unknown): string {
  const near = typeof value === 'string' ? nearest(value, names) : null
  return `expected ${names.length === 1 ? names[0] : `one of ${names.join(', ')}`}${near === null ? '' : `; did you mean ${near}?`}`
}

/** The name that `name` is most likely a slip of, or null if none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  if (name.length > FOUND_LENGTH_MAX) return null
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const other of names.slice(0, 1_000)) {
    if (Math.abs(other.length - name.length) >= bestDistance) continue
    const distance = edits(name.toLowerCase(), other.toLowerCase())
    if (distance < bestDistance && distance < other.length) {
      best = other
      bestDistance = distance
    }
  }
  return best ?? names.find(other => name.length >= 4 && other.slice(0, 4) === name.slice(0, 4)) ?? null
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((next[j - 1] as number) + 1, (row[j] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length] as number
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
