/** A field of an input, as a JSON Schema has it. */
export interface Field {
  /** `customer.address.city`; `items[]` is each of a list. */
  path: string
  type: string
  isNeeded: boolean
  says: string
}

const DEPTH_MAX = 6

/** The fields of an object's schema, those within others below them. What it cannot tell (references, conditions) stands in the schema itself. */
export function schemaFields(schema: unknown): Field[] {
  const fields: Field[] = []
  const look = (node: Node, path: string, depth: number): void => {
    if (depth > DEPTH_MAX) return
    for (const [name, child] of Object.entries(asNode(node.properties))) {
      const field = asNode(child)
      const at = path === '' ? name : `${path}.${name}`
      fields.push({ path: at, type: typeText(field), isNeeded: listOf(node.required).includes(name), says: textOf(field.description) })
      look(field, at, depth + 1)
    }
    const items = asNode(node.items)
    if (items.properties !== undefined) look(items, `${path}[]`, depth + 1)
  }
  look(asNode(schema), '', 0)
  return fields
}

type Node = Record<string, unknown>
const asNode = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {})
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function typeText(node: Node): string {
  if (Array.isArray(node.enum)) return `one of ${node.enum.map(one => JSON.stringify(one)).join(', ')}`
  if (node.const !== undefined) return JSON.stringify(node.const)
  const either = [...listOf(node.anyOf), ...listOf(node.oneOf)]
  if (either.length > 0) return [...new Set(either.map(one => typeText(asNode(one))))].join(' or ')
  const type = Array.isArray(node.type) ? node.type.join(' or ') : textOf(node.type)
  if (type === 'array') return `list of ${typeText(asNode(node.items)) || 'anything'}`
  const bounds = [
    textOf(node.format),
    bound(node.minimum ?? node.minLength, 'at least'),
    bound(node.maximum ?? node.maxLength, 'at most'),
    node.pattern === undefined ? '' : `like ${textOf(node.pattern)}`,
  ].filter(text => text !== '')
  return [type || 'anything', ...bounds].join(', ')
}

function bound(value: unknown, word: string): string {
  // What schema libraries write for "any whole number" tells a person nothing.
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? `${word} ${value}` : ''
}
