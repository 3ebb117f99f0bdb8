import { TemplateError } from './template/error.ts'
import { parseTemplate, type Template } from './template/grammar.ts'
import { referencesIn, render } from './template/render.ts'

/**
 * Variables and connections in a text of an input: `{{var.NAME}}`, `{{var.NAME:part.of.it}}`, `{{conn.NAME.FIELD}}`, `{{conn.NAME.extra:part}}`, with filters behind.
 * They are looked up when a worker is given the task, so that what they stand for is in no history. Only what the author of a DAG has written is looked at: a text
 * that came with data stays as it is, whatever it says.
 */
export interface LateText {
  /** JSON pointer to the text in the input. */
  at: string
  /** The text in pieces: every second one is a placeholder. In the input it stands as they read. */
  parts: readonly string[]
}

/** Placeholders of variables and connections in the input of a task. */
export const LATE_MAX = 100
export const CONNECTION_FIELDS = ['type', 'host', 'port', 'login', 'password', 'schema', 'extra', 'uri'] as const
export type ConnectionField = (typeof CONNECTION_FIELDS)[number]

export type LateName =
  | { is: 'variable'; name: string; path: string | null; filters: Template | null }
  | { is: 'connection'; name: string; field: ConnectionField; path: string | null; filters: Template | null }

const LATE = /^\{\{\s*(var|conn)\.([^{}:|\s]+)(?::([^{}|\s]+))?\s*(\|[\s\S]*)?\}\}$/

/** What a placeholder names; null: it cannot be read. */
export function readLate(text: string): LateName | null {
  const [, word, dotted, path = null, chain] = LATE.exec(text) ?? []
  const filters = chain === undefined ? null : filtersOf(chain)
  if (dotted === undefined || filters === undefined) return null
  if (word === 'var') return { is: 'variable', name: dotted, path, filters }
  const dot = dotted.lastIndexOf('.')
  const field = CONNECTION_FIELDS.find(one => one === dotted.slice(dot + 1))
  if (dot < 1 || field === undefined || (path !== null && field !== 'extra')) return null
  return { is: 'connection', name: dotted.slice(0, dot), field, path, filters }
}

/** Where the value is missing, these give another. */
export function hasDefault({ filters }: LateName): boolean {
  return filters !== null && /\|\s*default\b/.test(filters.source)
}

/** @throws TemplateError where a filter cannot take the value. */
export function lateValue({ path, filters }: LateName, found: unknown): unknown {
  const value = partAt(found, path)
  return filters === null ? value : render(filters, { value })
}

/** Of a value, by names with dots between them; null: it is not there. */
export function partAt(value: unknown, path: string | null): unknown {
  let part = value
  for (const name of path === null ? [] : path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return null
    part = (part as Record<string, unknown>)[name]
  }
  return part ?? null
}

/** Filters as a template over `value`; undefined: they cannot be read, or name something themselves. A text is read once. */
export function filtersOf(text: string): Template | undefined {
  const known = chains.get(text)
  if (known !== undefined) return known
  try {
    const template = parseTemplate(`{{value ${text}}}`)
    // What a filter is given is written there: that a task waits for another is seen at the head of a placeholder alone.
    if (referencesIn(template.source).length > 1) return undefined
    if (chains.size >= CHAINS_MAX) chains.clear()
    chains.set(text, template)
    return template
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}
const chains = new Map<string, Template>()
const CHAINS_MAX = 10_000
