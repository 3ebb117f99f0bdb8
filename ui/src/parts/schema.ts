/**
 * JSON Schema (2020-12 and before) as a form needs it: of each place what kind of field it is, what it begins as, and what is wrong with a value. What is
 * not understood is left to a JSON editor and to whoever checks the input in the end; it is never a reason to refuse.
 */
export type Schema = { readonly [keyword: string]: unknown }

/**
 * text, number, integer, flag, choice: one field. object: its properties. list: items of one shape. variants: one of several shapes.
 * json: anything else, edited as JSON.
 */
export type Shape =
  | { is: 'text'; format: string | null; long: boolean }
  | { is: 'number' | 'integer' | 'flag' | 'json' }
  | { is: 'choice'; values: readonly unknown[] }
  | { is: 'object'; properties: readonly Property[] }
  | { is: 'list'; items: Schema }
  | { is: 'variants'; variants: readonly { label: string; schema: Schema }[] }

export interface Property {
  name: string
  schema: Schema
  required: boolean
}

/** A place of the schema, read: `nullable` may be null beside what its shape says. */
export interface Place {
  shape: Shape
  schema: Schema
  nullable: boolean
}

/** In the place of a value: what was typed, which is no JSON yet. */
export class Unreadable {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): string {
    return this.text
  }
}

const LONG_TEXT = 300

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unreadable)
}

/** `root` is the whole document, for `$ref`. */
export function placeOf(given: Schema, root: Schema): Place {
  const whole = flattened(given, root)
  const { schema, nullable } = withoutNull(whole, root)
  return { schema, nullable, shape: shapeOf(schema, root) }
}

function shapeOf(schema: Schema, root: Schema): Shape {
  if ('const' in schema) return { is: 'choice', values: [schema.const] }
  if (Array.isArray(schema.enum)) return { is: 'choice', values: schema.enum }
  const options = optionsOf(schema)
  if (options !== null) {
    const read = options.map(option => flattened(option, root))
    if (read.every(option => 'const' in option)) return { is: 'choice', values: read.map(option => option.const) }
    if (read.every(option => typeOf(option) === 'object')) return { is: 'variants', variants: read.map((option, n) => variantOf(option, n, root)) }
    return { is: 'json' }
  }
  switch (typeOf(schema)) {
    case 'string':
      return { is: 'text', format: typeof schema.format === 'string' ? schema.format : null, long: Number(schema.maxLength) > LONG_TEXT }
    case 'number':
      return { is: 'number' }
    case 'integer':
      return { is: 'integer' }
    case 'boolean':
      return { is: 'flag' }
    case 'object': {
      const properties = propertiesOf(schema)
      return properties.length === 0 ? { is: 'json' } : { is: 'object', properties }
    }
    case 'array':
      return isSchema(schema.items) && schema.prefixItems === undefined ? { is: 'list', items: schema.items } : { is: 'json' }
    default:
      return { is: 'json' }
  }
}

function propertiesOf(schema: Schema): Property[] {
  if (!isSchema(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    schema: isSchema(property) ? property : {},
    required: required.includes(name),
  }))
}

/** A variant is known by the constant in it, else by its title or number. */
function variantOf(schema: Schema, index: number, root: Schema): { label: string; schema: Schema } {
  if (typeof schema.title === 'string') return { label: schema.title, schema }
  const constants = propertiesOf(schema).map(({ schema: property }) => flattened(property, root).const)
  const named = constants.find(constant => typeof constant === 'string')
  return { label: named === undefined ? `Shape ${index + 1}` : String(named), schema }
}

/** Which of the variants a value is: the one whose constants it has, else the first. */
export function variantIndexOf(variants: readonly { schema: Schema }[], value: unknown, root: Schema): number {
  if (!isSchema(value)) return 0
  const fits = variants.findIndex(({ schema }) =>
    propertiesOf(schema).every(({ name, schema: property }) => {
      const read = flattened(property, root)
      return !('const' in read) || read.const === value[name]
    }),
  )
  return Math.max(0, fits)
}

function typeOf(schema: Schema): unknown {
  if (schema.type !== undefined) return schema.type
  return isSchema(schema.properties) ? 'object' : undefined
}

function optionsOf(schema: Schema): Schema[] | null {
  const options = Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : null
  return options?.filter(isSchema) ?? null
}

/** `type: [x, "null"]` and `anyOf: [x, { type: "null" }]` are x that may be null. */
function withoutNull(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.includes('null') && schema.type.length === 2)
    return { schema: { ...schema, type: schema.type.find(type => type !== 'null') }, nullable: true }
  const options = optionsOf(schema)
  const rest = options?.filter(option => flattened(option, root).type !== 'null') ?? []
  if (options === null || rest.length === options.length) return { schema, nullable: false }
  const { anyOf: _, oneOf: __, ...others } = schema
  const [only] = rest
  return rest.length === 1
    ? { schema: { ...flattened(only as Schema, root), ...others }, nullable: true }
    : { schema: { ...others, anyOf: rest }, nullable: true }
}

const DEPTH_MAX = 20
/** References within the document followed, `allOf` laid over each other. */
function flattened(given: Schema, root: Schema, depth = 0): Schema {
  if (depth > DEPTH_MAX) return {}
  let schema = given
  if (typeof schema.$ref === 'string') {
    const { $ref, ...others } = schema
    const found = atPointer(root, $ref as string)
    schema = isSchema(found) ? Object.assign({}, flattened(found, root, depth + 1), others) : others
  }
  if (!Array.isArray(schema.allOf)) return schema
  const { allOf, ...own } = schema
  return (allOf as unknown[]).filter(isSchema).reduce<Schema>((sum, part) => merged(sum, flattened(part, root, depth + 1)), own)
}

function merged(a: Schema, b: Schema): Schema {
  const both = { ...b, ...a }
  if (isSchema(a.properties) && isSchema(b.properties))
    return { ...both, properties: { ...b.properties, ...a.properties }, required: requiredOf(a, b) }
  return a.required || b.required ? { ...both, required: requiredOf(a, b) } : both
}
const requiredOf = (...schemas: Schema[]): unknown[] => schemas.flatMap(({ required }) => (Array.isArray(required) ? required : []))

function atPointer(root: Schema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  let found: unknown = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isSchema(found) || Array.isArray(found) ? (found as Record<string, unknown>)[name] : undefined
  }
  return found
}

const BLANK_DEPTH_MAX = 6
/** What a place begins as: its default; of an object what must be there; else nothing yet (undefined). */
export function blankOf(given: Schema, root: Schema, depth = 0): unknown {
  const { schema, shape, nullable } = placeOf(given, root)
  if ('default' in schema) return structuredClone(schema.default)
  if (shape.is === 'choice' && shape.values.length === 1) return shape.values[0]
  if (nullable) return null
  if (depth >= BLANK_DEPTH_MAX) return undefined
  switch (shape.is) {
    case 'object':
      return Object.fromEntries(
        shape.properties
          .filter(({ required, schema: property }) => required || 'default' in placeOf(property, root).schema)
          .map(({ name, schema: property }) => [name, blankOf(property, root, depth + 1)] as const)
          .filter(([, value]) => value !== undefined),
      )
    case 'list':
      return []
    case 'flag':
      return false
    case 'variants':
      return blankOf(shape.variants[0]?.schema ?? {}, root, depth + 1)
    default:
      return undefined
  }
}

/** Of `a/b` under `/x`: `/x/a~1b`. */
export function pointer(at: string, step: string | number): string {
  return `${at}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
