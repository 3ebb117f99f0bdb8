import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Document, isMap, isScalar, LineCounter, type Node, type Pair, parseAllDocuments } from 'yaml'
import { nearest } from '../../server/nearest.ts'
import { Refusal } from '../../server/refusal.ts'
import type { Source } from './files.ts'
import { type Item, KINDS, type Kind, NOUNS, segmentsOf, type Within } from './item.ts'
import { keyOffset, keyText, nodeAt, offsetWithin, resolved } from './places.ts'

/**
 * DAGs, schedules, queues, definitions and limits by name, from YAML or JSON (which is YAML); several documents are one. Members that begin with `x-` hold what
 * anchors are for. `sections` is told which kinds there are, be it without a name.
 * @throws Refusal with file, line and column.
 */
export function readYaml(source: Source, sections: Set<Kind> = new Set()): Item[] {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(source.text, { lineCounter: lines, prettyErrors: false, merge: true, intAsBigInt: true })
  const reader = new YamlReader(source, lines, sections)
  return (Array.isArray(parsed) ? parsed : []).flatMap((document: Document) => reader.items(document))
}

class YamlReader {
  readonly #source: Source
  readonly #lines: LineCounter
  readonly #sections: Set<Kind>

  constructor(source: Source, lines: LineCounter, sections: Set<Kind>) {
    this.#source = source
    this.#lines = lines
    this.#sections = sections
  }

  items(document: Document): Item[] {
    const [mistake] = [...document.errors, ...document.warnings]
    if (mistake) throw this.#mistake(mistake.pos[0], mistake.message)
    const { contents } = document
    if (contents === null || (isScalar(contents) && contents.value === null)) return []
    if (!isMap(contents))
      throw this.#refusal(contents as Node, 'Expected "dags:", "schedules:", "queues:", "definitions:" or "limits:", and below each its names.')
    return contents.items.flatMap(pair => this.#section(document, pair as Pair))
  }

  #section(document: Document, pair: Pair): Item[] {
    const name = keyText(pair.key)
    if (name === '$schema' || name.startsWith('x-')) return []
    const kind = KINDS.find(known => known === name)
    if (kind === undefined) {
      const guess = nearest(name, KINDS)
      throw this.#refusal(
        pair,
        `There is nothing called "${name}" here.`,
        guess ? `Did you mean "${guess}"?` : `A file has ${KINDS.join(', ')}, and x-… for anchors.`,
      )
    }
    this.#sections.add(kind)
    const section = resolved(document, pair.value as Node | null)
    if (section === null || (isScalar(section) && section.value === null)) return []
    if (!isMap(section)) throw this.#refusal(section, `Expected the names of ${kind}, and below each what it is.`, EXAMPLES[kind])
    return section.items.map(member => this.#item(document, kind, member as Pair))
  }

  #item(document: Document, kind: Kind, pair: Pair): Item {
    const name = keyText(pair.key)
    const noun = NOUNS[kind]
    const node = resolved(document, pair.value as Node | null)
    const isNothing = node === null || (isScalar(node) && node.value === null)
    if (name === '') throw this.#refusal(pair, `The name of a ${noun} is a text.`)
    if (!isMap(node) && !(isNothing && kind !== 'schedules' && kind !== 'dags'))
      throw this.#refusal(isNothing ? pair : node, `${noun} "${name}" is ${isNothing ? 'empty' : 'no map'}.`, EXAMPLES[kind])
    const inner = isMap(node) ? nodeAt(document, node, ['name']) : null
    if (inner?.whole && inner.pair)
      throw this.#refusal(inner.pair, `${noun} "${name}" has its name already.`, `Leave "name" out: it stands before the colon.`)
    const value = isNothing ? {} : this.#valueOf(document, node as Node)
    const files = kind === 'schedules' ? this.#calendars(document, node, value) : new Map<string, string>()
    return {
      kind,
      name,
      value,
      place: this.#place(keyOffset(pair)),
      placeOf: (pointer, within = {}) => this.#placeOf(document, pair, node, pointer, within, files),
    }
  }

  #valueOf(document: Document, node: Node): Record<string, unknown> {
    try {
      return plain(node.toJS(document)) as Record<string, unknown>
    } catch (error) {
      if (error instanceof NoNumber) throw this.#refusal(node, `JSON has no number ${error.message}, and neither has a schedule.`)
      throw this.#refusal(node, 'An alias leads back to where it stands, or there are too many of them.')
    }
  }

  /** `{ file: holidays.ics }` becomes the text of that file. Answers by the name of each calendar which file it was. */
  #calendars(document: Document, node: Node | null, value: Record<string, unknown>): Map<string, string> {
    const files = new Map<string, string>()
    const calendars = value.calendars
    if (typeof calendars !== 'object' || calendars === null) return files
    for (const [name, calendar] of Object.entries(calendars as Record<string, { file?: unknown }>)) {
      const file = calendar?.file
      if (file === undefined) continue
      const place = nodeAt(document, node, ['calendars', name, 'file']).node as Node
      if (typeof file !== 'string' || Object.keys(calendar).length > 1)
        throw this.#refusal(place, 'A calendar is { file }, { ics } or { dates }: one of them.')
      const path = resolve(this.#source.directory, file)
      if (!existsSync(path))
        throw this.#refusal(place, `There is no file ${JSON.stringify(file)}.`, 'Its name begins where this file is.', 'file-missing')
      ;(calendars as Record<string, unknown>)[name] = { ics: readFileSync(path, 'utf8') }
      files.set(name, isAbsolute(file) ? file : join(dirname(this.#source.shown), file))
    }
    return files
  }

  #placeOf(document: Document, pair: Pair, node: Node | null, pointer: string, within: Within, files: ReadonlyMap<string, string>): string {
    const path = segmentsOf(pointer)
    const file = path[0] === 'calendars' && path[1] !== undefined ? files.get(path[1]) : undefined
    if (file !== undefined && within.line !== undefined) return `${file}:${within.line}`
    const found = nodeAt(document, node, file === undefined ? path : path.slice(0, 2))
    if (!found.whole || found.node === null || within.isName) return this.#place(keyOffset(found.pair ?? pair))
    if (isScalar(found.node) && within.offset !== undefined) return this.#place(offsetWithin(this.#source.text, found.node, within.offset))
    if (isScalar(found.node) && within.line !== undefined)
      return this.#place(this.#offsetOfLine(found.node.range?.[0] ?? 0, found.node.type, within.line))
    return this.#place(found.node.range?.[0] ?? keyOffset(pair))
  }

  /** A line of a block is a line of the file. */
  #offsetOfLine(start: number, type: string | undefined, line: number): number {
    if (type !== 'BLOCK_LITERAL') return start
    return this.#lines.lineStarts[this.#lines.linePos(start).line + line - 1] ?? start
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset)
    return `${this.#source.shown}:${line}:${col}`
  }

  #refusal(at: Node | Pair, title: string, hint?: string, code = 'invalid-file'): Refusal {
    const offset = 'range' in at ? (at.range?.[0] ?? 0) : keyOffset(at as Pair)
    return new Refusal({ code, place: this.#place(offset), title, ...(hint && { hint }) })
  }

  #mistake(offset: number, message: string): Refusal {
    const { line } = this.#lines.linePos(offset)
    const start = this.#lines.lineStarts[line - 1] ?? 0
    const text = this.#source.text.slice(start).split('\n', 1)[0] as string
    const [, before = '', bare = ''] = /^(\s*(?:- )?[\w"'$.-]+:\s+)([*@&%`!|>?].*)$/.exec(text) ?? []
    const place = this.#place(bare === '' ? offset : start + before.length)
    const hint = bare === '' ? undefined : `Put it in quotes: "${bare.trim().replaceAll('"', '\\"')}"`
    return new Refusal({ code: 'invalid-yaml', place, title: `This is not valid YAML: ${message.replace(/\.?$/, '.')}`, ...(hint && { hint }) })
  }
}

const EXAMPLES: Record<Kind, string> = {
  dags: `dags: { sales: { tasks: { list: { job: list }, publish: { job: publish, after: [list] } } } }`,
  schedules: `schedules: { nightly: { cron: "0 2 * * *", target: report } }`,
  queues: `queues: { images: { paused: true } }`,
  definitions: `definitions: { resize: { options: { retry: { attempts: 5 } } } }`,
  limits: `limits: { warehouse: { on: pool, concurrency: 10 } }`,
}

class NoNumber extends Error {}

/** Whole numbers that JSON holds and a double does not stay as they were written. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : rawJson(String(value))
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NoNumber(String(value))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }
