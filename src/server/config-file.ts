import { existsSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { nearest } from './nearest.ts'
import { Refusal } from './refusal.ts'

export const CONFIG_FILE = 'mainspring.yaml'

export interface ConfigFile {
  readonly path: string
  /** Values as text by key, each with its place (`mainspring.yaml:3:7`). */
  readonly values: ReadonlyMap<string, { text: string; place: string }>
}

/**
 * Reads `mainspring.yaml` of the directory, or the file that is named. Null: there is none (and none was named).
 * A key that is not known is refused rather than ignored: a setting with a typing mistake must not silently be its default.
 */
export function readConfigFile(directory: string, named: string | undefined, keys: readonly string[]): ConfigFile | null {
  const path = resolve(directory, named ?? CONFIG_FILE)
  const shown = relative(directory, path) || path
  if (!existsSync(path)) {
    if (named === undefined) return null
    throw new Refusal({ code: 'config-missing', place: shown, title: 'There is no such file.' })
  }
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, prettyErrors: false })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${shown}:${line}:${col}`
  }
  const mistake = document.errors[0]
  if (mistake) throw new Refusal({ code: 'config-not-yaml', place: place(mistake.pos[0]), title: `This is not valid YAML: ${mistake.message}` })

  const values = new Map<string, { text: string; place: string }>()
  if (document.contents === null) return { path, values }
  if (!isMap(document.contents))
    throw new Refusal({ code: 'config-invalid', place: place(0), title: 'Expected "key: value" lines.', hint: `Keys: ${keys.join(', ')}.` })
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const at = place((isScalar(key) && key.range?.[0]) || 0)
    if (!keys.includes(name)) throw unknownKey(name, at, keys)
    if (value === null || (isScalar(value) && value.value === null)) continue
    if (!isScalar(value)) throw new Refusal({ code: 'config-invalid', place: at, title: `${name}: found a list or a map, expected one value.` })
    values.set(name, { text: String(value.value), place: place(value.range?.[0] ?? 0) })
  }
  return { path, values }
}

function unknownKey(name: string, place: string, keys: readonly string[]): Refusal {
  const guess = nearest(name, keys)
  return new Refusal({
    code: 'config-unknown-key',
    place,
    title: `There is no setting "${name}".`,
    hint: guess ? `Did you mean "${guess}"?` : `Settings: ${keys.join(', ')}.`,
  })
}
