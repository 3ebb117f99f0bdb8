import { filtersOf, type LateText, partAt, readLate } from '../../core/late.ts'
import { TemplateError } from '../../core/template/error.ts'
import type { Template } from '../../core/template/grammar.ts'
import { render } from '../../core/template/render.ts'
import type { Instant } from '../../core/time.ts'
import type { Json } from './spec.ts'

/**
 * Placeholders in the texts of an input: `{{output.list}}` (what that task gave), `{{output.list:files.0}}` (a part of it), `{{input}}` and `{{input:day}}` (of the
 * run), `{{item}}`, `{{item:name}}` and `{{index}}` (of a mapped task), `{{callback.paid}}` (the token of that task), `{{run}}`, `{{nominalTime}}`, `{{nominalDate}}`, `{{intervalStart}}`,
 * `{{intervalEnd}}`, `{{partition}}` (that the run is for) and `{{assetEvents}}` (that triggered it: a list).
 * `{{var.NAME}}` and `{{conn.NAME.FIELD}}` stand as they are until a worker is given the task (core/late.ts).
 * Filters may follow, as core/template has them: `{{intervalStart | date}}`, `{{input:day | default('monday')}}`.
 * A text that is one placeholder and nothing else becomes the value itself; within a longer text a value stands as text, and one that is none as JSON.
 * Other words in braces are left alone: templates of other programs.
 */
const PLACEHOLDER = /\{\{\s*([A-Za-z]+)(?:\.([^{}:|\s]+))?(?::([^{}|\s]+))?\s*(\|(?:[^{}'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*)?\}\}/g
const WORDS = [
  'output',
  'input',
  'item',
  'index',
  'callback',
  'run',
  'nominalTime',
  'nominalDate',
  'intervalStart',
  'intervalEnd',
  'partition',
  'assetEvents',
  'var',
  'conn',
] as const
export type Word = (typeof WORDS)[number]

export interface Placeholder {
  word: Word
  /** Of `output` and `callback`: the task. */
  task: string | null
  /** Into the value; null: all of it. */
  path: string | null
  /** What the value goes through; null: nothing. */
  filters: Template | null
}

/** What a template is filled from. */
export interface Facts {
  output(task: string): Json
  input(): Json
  /** The token of a task that waits for a callback. */
  callback(task: string): string
  item: Json
  index: number | null
  run: string
  partition: string | null
  assetEvents(): Json
  nominalAt: Instant
  interval: { start: Instant; end: Instant }
}

/** All placeholders in it, each with where it is. */
export function placeholdersIn(template: Json, at = ''): { at: string; found: string; placeholder: Placeholder | null }[] {
  if (typeof template === 'string')
    return [...template.matchAll(PLACEHOLDER)].flatMap(match => {
      const placeholder = placeholderOf(match)
      return placeholder === null && !isMeant(match) ? [] : [{ at, found: match[0], placeholder }]
    })
  if (typeof template !== 'object' || template === null) return []
  return Object.entries(template).flatMap(([name, member]) =>
    placeholdersIn(member as Json, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}

function placeholderOf(match: RegExpMatchArray): Placeholder | null {
  const [, word, task, path, filters] = match
  if (!(WORDS as readonly string[]).includes(word as string)) return null
  if (word === 'var' || word === 'conn') return readLate(match[0]) === null ? null : { word, task: null, path: null, filters: null }
  if ((word === 'output' || word === 'callback') !== (task !== undefined)) return null
  if (path !== undefined && word !== 'output' && word !== 'input' && word !== 'item') return null
  const chain = filters === undefined ? null : filtersOf(filters)
  return chain === undefined ? null : { word: word as Word, task: task ?? null, path: path ?? null, filters: chain }
}

/** Why it cannot be filled: a filter cannot take its value. Null: it can. */
export function refusalOf(template: Json, facts: Facts): string | null {
  if (!hasFilters(template)) return null
  try {
    fill(template, facts)
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

/** Of what `fill` throws, as the reason of a task. */
export function reasonOf(error: unknown): string {
  if (error instanceof TemplateError) return `invalid-template: ${error.title}`
  throw error
}

export function hasFilters(template: Json): boolean {
  if (typeof template === 'string')
    return template.includes('|') && placeholdersIn(template).some(({ placeholder }) => placeholder !== null && placeholder.filters !== null)
  return typeof template === 'object' && template !== null && Object.values(template).some(member => hasFilters(member as Json))
}

/** A word of ours that is used as it cannot be: surely a mistake. */
function isMeant([, word = '']: RegExpMatchArray): boolean {
  return (WORDS as readonly string[]).includes(word) || /^(output|nominal|interval|assetEvents)/i.test(word)
}

/** Texts of templates: few, each looked at for every run of its task. */
const onlys = new Map<string, Placeholder | null>()
const ONLYS_MAX = 10_000

/** The placeholder that is all of a text. */
export function onlyPlaceholder(template: Json): Placeholder | null {
  if (typeof template !== 'string' || !template.includes('{{')) return null
  let only = onlys.get(template)
  if (only === undefined) {
    const [match, more] = [...template.matchAll(PLACEHOLDER)]
    only = match !== undefined && more === undefined && match[0] === template.trim() ? placeholderOf(match) : null
    if (onlys.size === ONLYS_MAX) onlys.clear()
    onlys.set(template, only)
  }
  return only
}

/** Whether it is looked up when a worker is given the task. */
export function isLate({ word }: Placeholder): boolean {
  return word === 'var' || word === 'conn'
}

export function hasLate(template: Json): boolean {
  if (typeof template === 'string')
    return /\{\{\s*(var|conn)\./.test(template) && placeholdersIn(template).some(({ placeholder }) => placeholder !== null && isLate(placeholder))
  return typeof template === 'object' && template !== null && Object.values(template).some(member => hasLate(member as Json))
}

/** `late`: gets the texts in which something is still to be looked up. @throws TemplateError where a filter cannot take its value. */
export function fill(template: Json, facts: Facts, late: LateText[] = [], at = ''): Json {
  if (typeof template === 'string') return filledText(template, facts, late, at)
  if (typeof template !== 'object' || template === null) return template
  const filled = Object.entries(template).map(([name, member]) => {
    const place = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    return [name, fill(member as Json, facts, late, place)] as const
  })
  return Array.isArray(template) ? filled.map(([, member]) => member) : Object.fromEntries(filled)
}

function filledText(text: string, facts: Facts, late: LateText[], at: string): Json {
  if (!text.includes('{{')) return text
  const only = onlyPlaceholder(text)
  if (only !== null && !isLate(only)) return found(only, facts)
  // Pieces between what is looked up later.
  const parts = ['']
  let from = 0
  const add = (piece: string): void => {
    parts[parts.length - 1] += piece
  }
  for (const match of text.matchAll(PLACEHOLDER)) {
    add(text.slice(from, match.index))
    from = match.index + match[0].length
    const placeholder = placeholderOf(match)
    if (placeholder === null) add(match[0])
    else if (isLate(placeholder)) parts.push(match[0], '')
    else {
      const value = found(placeholder, facts)
      add(typeof value === 'string' ? value : JSON.stringify(value))
    }
  }
  add(text.slice(from))
  if (parts.length > 1) late.push({ at, parts })
  return parts.join('')
}

function found(placeholder: Placeholder, facts: Facts): Json {
  const value = headOf(placeholder, facts)
  return placeholder.filters === null ? value : (render(placeholder.filters, { value }) as Json)
}

function headOf({ word, task, path }: Placeholder, facts: Facts): Json {
  switch (word) {
    case 'output':
      return partAt(facts.output(task as string), path) as Json
    case 'input':
      return partAt(facts.input(), path) as Json
    case 'item':
      return partAt(facts.item, path) as Json
    case 'index':
      return facts.index
    case 'callback':
      return facts.callback(task as string)
    case 'run':
      return facts.run
    case 'partition':
      return facts.partition
    case 'assetEvents':
      return facts.assetEvents()
    case 'nominalTime':
      return iso(facts.nominalAt)
    case 'nominalDate':
      return iso(facts.nominalAt).slice(0, 10)
    case 'intervalStart':
      return iso(facts.interval.start)
    case 'intervalEnd':
      return iso(facts.interval.end)
    case 'var':
    case 'conn':
      throw new Error('what is looked up later has no value here')
  }
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString()
}
