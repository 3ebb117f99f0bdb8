import type { Payload } from './run.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * An input with what it leaves out that the schema has a `default` for, in objects within objects too. None at all is an object where the schema has properties.
 * An input that lacks nothing is answered as it was written.
 */
export function withDefaults(schema: string | null, input: Payload | null): Payload | null {
  if (schema === null || !schema.includes('"default"')) return input
  const value: unknown = input === null ? null : JSON.parse(input)
  const filled = filledIn(JSON.parse(schema), value ?? undefined)
  return filled === undefined || filled === value ? input : JSON.stringify(filled)
}

function filledIn(schema: unknown, value: unknown): unknown {
  if (!isObject(schema)) return value
  if (value === undefined && 'default' in schema) return schema.default
  const { properties } = schema
  if (!isObject(properties) || (value !== undefined && !isObject(value))) return value
  const given = (value ?? {}) as Json
  const more = Object.entries(properties).flatMap(([name, one]) => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined
    const filled = filledIn(one, own)
    return filled === own ? [] : [[name, filled] as const]
  })
  return more.length === 0 ? value : { ...given, ...Object.fromEntries(more) }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
