import { type Read, specialOf } from './form.ts'

/** Of a parameter: its value, or the default of its `Param`. */
export function defaultOf(value: Read): unknown {
  const special = specialOf(value)
  if (special === null) return value
  return special.$ === 'thing' && special.kind === 'Param' ? plainOr(special.arguments[0] ?? special.options.default ?? null) : null
}

function plainOr(value: Read): unknown {
  return JSON.stringify(value).includes('"$":') ? null : value
}

/** JSON Schema of the parameters. */
export function paramsSchema(params: Readonly<Record<string, Read>>): Record<string, unknown> | null {
  const names = Object.keys(params)
  if (names.length === 0) return null
  const properties = names.map((name): [string, unknown] => {
    const special = specialOf(params[name])
    const isParam = special?.$ === 'thing' && special.kind === 'Param'
    const options = isParam
      ? Object.fromEntries(
          Object.entries(special.options).filter(([key, value]) => SCHEMA_WORDS.has(key) && plainOr(value) !== null && !isTime(key, value)),
        )
      : {}
    const value = defaultOf(params[name] as Read)
    return [name, { ...options, ...(value !== null && { default: value }) }]
  })
  return { type: ['object', 'null'], properties: Object.fromEntries(properties) }
}
/** A time of a day is without an offset there, which that of JSON Schema (RFC 3339) has. */
function isTime(word: string, value: Read): boolean {
  return word === 'format' && value === 'time'
}
const SCHEMA_WORDS = new Set(
  'type title description enum examples format minimum maximum minLength maxLength pattern items properties required'.split(' '),
)
