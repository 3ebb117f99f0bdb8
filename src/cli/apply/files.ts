import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { CONFIG_FILE } from '../../server/config-file.ts'
import { Refusal } from '../../server/refusal.ts'

export type Format = 'yaml' | 'crontab'
export const FORMATS: readonly Format[] = ['yaml', 'crontab']

/** A file as it was read. */
export interface Source {
  /** How people are told of it: as they typed it. */
  shown: string
  path: string
  /** Where the names of other files in it begin. */
  directory: string
  text: string
  format: Format
}

/** The files that were named; `-` is standard input, a folder the files in it that are of a known kind. `format`: of all of them. */
export function readSources(given: readonly string[], directory: string, format: Format | undefined): Source[] {
  return given.flatMap(name => {
    if (name === '-') return [readSource(0, '-', directory, format)]
    const path = resolve(directory, name)
    if (!existsSync(path)) throw new Refusal({ code: 'file-missing', place: name, title: 'There is no such file.' })
    if (!statSync(path).isDirectory()) return [readSource(path, name, dirname(path), format)]
    const found = filesIn(path)
    if (found.length === 0)
      throw new Refusal({
        code: 'file-missing',
        place: name,
        title: 'There is nothing to apply in this folder.',
        hint: 'Files are *.yaml, *.yml, *.json, crontab or *.crontab.',
      })
    return found.map(file => readSource(file, relative(directory, file), dirname(file), format))
  })
}

/** 0 is standard input. */
function readSource(path: string | 0, shown: string, directory: string, format: Format | undefined): Source {
  const name = path === 0 ? '-' : path
  try {
    const text = readFileSync(path, 'utf8')
    return { shown, path: name, directory, text, format: format ?? formatOfPath(name) ?? formatOfText(text) }
  } catch (error) {
    throw new Refusal({ code: 'file-missing', place: shown, title: `It cannot be read (${(error as NodeJS.ErrnoException).code}).` })
  }
}

/** Without those in folders below, and without our own configuration. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => !entry.isDirectory() && entry.name !== CONFIG_FILE && formatOfPath(join(folder, entry.name)) !== null)
    .map(entry => join(folder, entry.name))
    .sort()
}

/** Null: its name does not tell. In `cron.d` cron itself takes only names without a dot. */
export function formatOfPath(path: string): Format | null {
  const name = basename(path)
  if (/\.(ya?ml|json)$/i.test(name)) return 'yaml'
  if (/^crontab([.-].*)?$|\.(crontab|cron)$/i.test(name)) return 'crontab'
  return /(^|\/)cron\.d\/[A-Za-z0-9_-]+$|(^|\/)cron\/(crontabs|tabs)\/[^/]+$/.test(path) ? 'crontab' : null
}

/** The first line that says something tells: times and a command, or `NAME=value`, are of a crontab; a map of YAML has a colon there. */
export function formatOfText(text: string): Format {
  const line = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .find(one => /^\s*[^\s#]/.test(one))
  return line !== undefined && (CRONTAB_VARIABLE.test(line) || CRONTAB_ENTRY.test(line)) ? 'crontab' : 'yaml'
}
const CRONTAB_VARIABLE = /^\s*["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*=/
const CRONTAB_ENTRY = /^\s*-?(?:@[a-z_]+|[\d*~][\d*,/~-]*(?:[ \t]+[^ \t:]+){4})[ \t]+\S/i
