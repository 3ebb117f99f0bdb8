import { isSchema, placeOf, pointer, type Schema, Unreadable, variantIndexOf } from './schema.ts'

/** What is wrong with a value, by its place as a JSON pointer. Only what a form can say: whoever takes the input in the end checks it all. */
export function schemaFaults(schema: Schema, value: unknown): ReadonlyMap<string, string> {
  const faults = new Map<string, string>()
  look(schema, value, '', schema, faults)
  return faults
}

function look(given: Schema, value: unknown, at: string, root: Schema, faults: Map<string, string>): void {
  const { shape, schema, nullable } = placeOf(given, root)
  if (value === null && nullable) return
  const say = (fault: string | null): void => void (fault !== null && faults.set(at, fault))
  if (value instanceof Unreadable) return say('this is not JSON')
  switch (shape.is) {
    case 'text':
      return say(typeof value === 'string' ? textFault(schema, value, shape.format) : missing(value, 'a text'))
    case 'number':
      return say(typeof value === 'number' ? numberFault(schema, value) : missing(value, 'a number'))
    case 'integer':
      return say(Number.isInteger(value) ? numberFault(schema, value as number) : missing(value, 'a whole number'))
    case 'flag':
      return say(typeof value === 'boolean' ? null : missing(value, 'true or false'))
    case 'choice':
      return say(shape.values.some(known => same(known, value)) ? null : missing(value, `one of ${shape.values.map(text).join(', ')}`))
    case 'list':
      if (!Array.isArray(value)) return say(missing(value, 'a list'))
      say(countFault(schema, value.length))
      for (const [index, item] of value.entries()) look(shape.items, item, pointer(at, index), root, faults)
      return
    case 'object':
      if (!isSchema(value)) return say(missing(value, 'an object'))
      for (const { name, schema: property, required } of shape.properties)
        if (required || value[name] !== undefined) look(property, value[name], pointer(at, name), root, faults)
      return
    case 'variants': {
      const variant = shape.variants[variantIndexOf(shape.variants, value, root)]
      return variant && look(variant.schema, value, at, root, faults)
    }
    default:
      return say(value === undefined ? 'it is needed' : null)
  }
}

const missing = (value: unknown, wanted: string): string => (value === undefined || value === '' ? 'it is needed' : `${wanted} is expected`)
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const FORMATS: Record<string, readonly [RegExp, string]> = {
  email: [/^[^\s@]+@[^\s@]+$/, 'an address such as you@example.org is expected'],
  uri: [/^[a-z][a-z0-9+.-]*:\S+$/i, 'an address such as https://example.org is expected'],
  url: [/^[a-z][a-z0-9+.-]*:\S+$/i, 'an address such as https://example.org is expected'],
  date: [/^\d{4}-\d\d-\d\d$/, 'a date such as 2026-03-01 is expected'],
  'date-time': [/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/, 'a time such as 2026-03-01T09:00:00Z is expected'],
  time: [/^\d\d:\d\d/, 'a time of day such as 09:00:00 is expected'],
  uuid: [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID is expected'],
}

function textFault(schema: Schema, value: string, format: string | null): string | null {
  const { minLength, maxLength, pattern } = schema
  if (typeof minLength === 'number' && value.length < minLength) return value === '' ? 'it is needed' : `at least ${minLength} characters`
  if (typeof maxLength === 'number' && value.length > maxLength) return `at most ${maxLength} characters`
  const known = format === null ? undefined : FORMATS[format]
  if (known !== undefined) return known[0].test(value) ? null : known[1]
  if (typeof pattern !== 'string') return null
  try {
    return new RegExp(pattern, 'u').test(value) ? null : `it has to match ${pattern}`
  } catch {
    return null
  }
}

function numberFault(schema: Schema, value: number): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (typeof minimum === 'number' && value < minimum) return `at least ${minimum}`
  if (typeof maximum === 'number' && value > maximum) return `at most ${maximum}`
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return `more than ${exclusiveMinimum}`
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return `less than ${exclusiveMaximum}`
  if (typeof multipleOf === 'number' && multipleOf > 0 && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9)
    return `in steps of ${multipleOf}`
  return null
}

function countFault({ minItems, maxItems }: Schema, count: number): string | null {
  if (typeof minItems === 'number' && count < minItems) return `at least ${minItems} of them`
  if (typeof maxItems === 'number' && count > maxItems) return `at most ${maxItems} of them`
  return null
}
