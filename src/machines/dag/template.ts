import { TemplateError } from '../../core/template/error.ts'
import { parseTemplate, type Template } from '../../core/template/grammar.ts'
import { referencesIn, render } from '../../core/template/render.ts'
import type { Instant } from '../../core/time.ts'
import type { Json } from './spec.ts'

/**
 * Placeholders in the texts of an input: `{{output.list}}` (what that task gave), `{{output.list:files.0}}` (a part of it), `{{input}}` and `{{input:day}}` (of the
 * run), `{{item}}`, `{{item:name}}` and `{{index}}` (of a mapped task), `{{run}}`, `{{nominalTime}}`, `{{nominalDate}}`, `{{intervalStart}}`, `{{intervalEnd}}`.
 * Filters may follow, as core/template has them: `{{intervalStart | date}}`, `{{input:day | default('monday')}}`.
 * A text that is one placeholder and nothing else becomes the value itself; within a longer text a value stands as text, and one that is none as JSON.
 * Other words in braces are left alone: templates of other programs.
 */
const PLACEHOLDER = /\{\{\s*([A-Za-z]+)(?:\.([^{}:|\s]+))?(?::([^{}|\s]+))?\s*(\|(?:[^{}'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*)?\}\}/g
const WORDS = ['output', 'input', 'item', 'index', 'run', 'nominalTime', 'nominalDate', 'intervalStart', 'intervalEnd'] as const
export type Word = (typeof WORDS)[number]

export interface Placeholder {
  word: Word
  /** Of `output`: the task. */
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
  item: Json
  index: number | null
  run: string
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

function placeholderOf([, word, task, path, filters]: RegExpMatchArray): Placeholder | null {
  if (!(WORDS as readonly string[]).includes(word as string)) return null
  if ((word === 'output') !== (task !== undefined)) return null
  if (path !== undefined && word !== 'output' && word !== 'input' && word !== 'item') return null
  const chain = filters === undefined ? null : filtersOf(filters)
  return chain === undefined ? null : { word: word as Word, task: task ?? null, path: path ?? null, filters: chain }
}

/** Filters as a template over `value`; undefined: they cannot be read, or name something themselves. A text is read once. */
function filtersOf(text: string): Template | undefined {
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

function hasFilters(template: Json): boolean {
  if (typeof template === 'string')
    return template.includes('|') && placeholdersIn(template).some(({ placeholder }) => placeholder !== null && placeholder.filters !== null)
  return typeof template === 'object' && template !== null && Object.values(template).some(member => hasFilters(member as Json))
}

/** A word of ours that is used as it cannot be: surely a mistake. */
function isMeant([, word = '']: RegExpMatchArray): boolean {
  return (WORDS as readonly string[]).includes(word) || /^(output|nominal|interval)/i.test(word)
}

/** The placeholder that is all of a text. */
export function onlyPlaceholder(template: Json): Placeholder | null {
  if (typeof template !== 'string') return null
  const [match, more] = [...template.matchAll(PLACEHOLDER)]
  return match !== undefined && more === undefined && match[0] === template.trim() ? placeholderOf(match) : null
}

/** @throws TemplateError where a filter cannot take its value. */
export function fill(template: Json, facts: Facts): Json {
  if (typeof template === 'string') return filledText(template, facts)
  if (Array.isArray(template)) return template.map(member => fill(member as Json, facts))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, fill(member as Json, facts)]))
}

function filledText(text: string, facts: Facts): Json {
  if (!text.includes('{{')) return text
  const only = onlyPlaceholder(text)
  if (only !== null) return found(only, facts)
  return text.replace(PLACEHOLDER, (...match) => {
    const placeholder = placeholderOf(match as unknown as RegExpMatchArray)
    if (placeholder === null) return match[0] as string
    const value = found(placeholder, facts)
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

function found(placeholder: Placeholder, facts: Facts): Json {
  const value = headOf(placeholder, facts)
  return placeholder.filters === null ? value : (render(placeholder.filters, { value }) as Json)
}

function headOf({ word, task, path }: Placeholder, facts: Facts): Json {
  switch (word) {
    case 'output':
      return at(facts.output(task as string), path)
    case 'input':
      return at(facts.input(), path)
    case 'item':
      return at(facts.item, path)
    case 'index':
      return facts.index
    case 'run':
      return facts.run
    case 'nominalTime':
      return iso(facts.nominalAt)
    case 'nominalDate':
      return iso(facts.nominalAt).slice(0, 10)
    case 'intervalStart':
      return iso(facts.interval.start)
    case 'intervalEnd':
      return iso(facts.interval.end)
  }
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString()
}

function at(value: Json, path: string | null): Json {
  let part = value
  for (const name of path === null ? [] : path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return null
    part = (part as { [name: string]: Json })[name] as Json
  }
  return part
}
