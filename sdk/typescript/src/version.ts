import { createHash } from 'node:crypto'

/** The version of a definition: SHA-256, in hex, over the canonical JSON of what it consists of. Equal content has an equal version everywhere. */
export function contentVersion(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex')
}

/** Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no space, numbers and texts as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(item => canonical(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const record = value as Record<string, unknown>
  const members = Object.keys(record)
    .filter(key => record[key] !== undefined)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonical(record[key])}`)
  return `{${members.join(',')}}`
}
