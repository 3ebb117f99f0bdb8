import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AnyJob, isDag, isSchedule, type Schedule } from '@mainspring/sdk'
import type { Middleware } from '@mainspring/sdk/worker'
import { Refusal, type RefusalFacts } from '../server/refusal.ts'

export interface LoadedJobs {
  jobs: AnyJob[]
  schedules: Schedule[]
  /** What the files export as `middleware`, in the order of the files. */
  middleware: Middleware[]
  /** By job name: an input to try it with, as the file's export `examples` gives it. */
  examples: Map<string, unknown>
  /** By job name: the file it came from. */
  files: Map<string, string>
  /** By the name of a schedule: the file it came from. */
  scheduleFiles: Map<string, string>
}

const CODE_FILE = /\.(ts|mts|js|mjs)$/
const NOT_JOBS = /(\.d\.m?ts|\.(test|spec)\.m?[jt]s)$/
/** Folders that are never looked into. */
const PASSED_OVER = new Set(['node_modules', 'dist', 'coverage'])
const FILES_MAX = 1_000

/**
 * Files of a folder, and of folders in it, that define jobs or schedules: code that imports the SDK and exports something. Others (helpers, scripts, tests) are not
 * imported, since importing a script runs it.
 */
export function findJobFiles(directory: string): string[] {
  if (!existsSync(directory)) return []
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile() && CODE_FILE.test(entry.name) && !NOT_JOBS.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(
      file =>
        !relative(directory, file)
          .split(/[\\/]/)
          .some(part => part.startsWith('.') || PASSED_OVER.has(part)),
    )
    .filter(file => definesJobs(readFileSync(file, 'utf8')))
    .sort()
    .slice(0, FILES_MAX)
}

function definesJobs(text: string): boolean {
  return /['"]@mainspring\/sdk['"]/.test(text) && /^\s*export\b/m.test(text)
}

/**
 * Imports the files and gathers every job and schedule that they export: by name, by default, in a list.
 * @throws Refusal with the place: a file that is missing or has a mistake, two of one name, no job at all.
 */
export async function loadJobs(files: readonly string[], directory: string): Promise<LoadedJobs> {
  const loaded: LoadedJobs = { jobs: [], schedules: [], middleware: [], examples: new Map(), files: new Map(), scheduleFiles: new Map() }
  for (const given of files) {
    const file = resolve(directory, given)
    const shown = relative(directory, file) || file
    if (!existsSync(file) || !statSync(file).isFile()) throw new Refusal({ code: 'file-missing', place: shown, title: 'There is no such file.' })
    const exported = await importFile(file, directory)
    const parts = Object.values(exported)
    gather('job', parts.flatMap(jobsIn), shown, loaded.jobs, loaded.files)
    gather('schedule', parts.flatMap(schedulesIn), shown, loaded.schedules, loaded.scheduleFiles)
    const { examples, middleware } = exported
    loaded.middleware.push(...[middleware ?? []].flat().map(one => middlewareOf(one, shown)))
    if (typeof examples === 'object' && examples !== null) for (const [name, input] of Object.entries(examples)) loaded.examples.set(name, input)
  }
  // Who has a schedule can run what it starts.
  for (const { name, job } of loaded.schedules) {
    if (!job || loaded.files.has(job.name)) continue
    loaded.jobs.push(job)
    loaded.files.set(job.name, loaded.scheduleFiles.get(name) as string)
  }
  if (loaded.jobs.length > 0) return loaded
  throw new Refusal({
    code: 'no-jobs',
    place: files.join(', '),
    title: loaded.schedules.length > 0 ? 'Only schedules are exported here, of jobs that are named and not imported.' : 'No job is exported here.',
    hint: "A file of jobs has lines such as: export const hello = job('hello', async input => …)",
  })
}

/** The same one may be exported twice, and from several files. */
function gather<Part extends { readonly name: string }>(
  noun: 'job' | 'schedule',
  found: readonly Part[],
  shown: string,
  into: Part[],
  files: Map<string, string>,
): void {
  for (const part of found) {
    if (into.includes(part)) continue
    const other = files.get(part.name)
    if (other !== undefined)
      throw new Refusal({
        code: `duplicate-${noun}`,
        place: shown,
        title: `A ${noun} "${part.name}" is defined twice; the other one is in ${other}.`,
      })
    into.push(part)
    files.set(part.name, shown)
  }
}

function middlewareOf(value: unknown, shown: string): Middleware {
  if (typeof value === 'function') return value as Middleware
  throw new Refusal({
    code: 'file-mistake',
    place: shown,
    title: `The export "middleware" is neither a function nor a list of functions.`,
    hint: 'export const middleware = [async (task, next) => next()]',
  })
}

async function importFile(file: string, directory: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    throw new Refusal(mistakeOf(error, file, directory))
  }
}

/** A job of any copy of the SDK: the project may have installed one of its own. */
function jobsIn(value: unknown): AnyJob[] {
  if (Array.isArray(value)) return value.flatMap(jobsIn)
  if (typeof value !== 'object' || value === null) return []
  const { name, handler, definition } = value as Partial<AnyJob>
  return typeof name === 'string' && typeof handler === 'function' && ['job', 'workflow', 'dag'].includes(definition?.kind as string)
    ? [value as AnyJob]
    : []
}

function schedulesIn(value: unknown): Schedule[] {
  if (Array.isArray(value)) return value.flatMap(schedulesIn)
  if (isDag(value)) return schedulesIn(value.schedule)
  return isSchedule(value) ? [value] : []
}

/** Where and what: the first place in the error's stack that is the user's own, else the file that was imported. */
export function mistakeOf(error: unknown, file: string, directory: string): RefusalFacts {
  const shown = relative(directory, file) || file
  if (!(error instanceof Error)) return { code: 'file-mistake', place: shown, title: `It threw ${String(error)} when it was loaded.` }
  const missing = /^Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1]
  const title = missing ? `Cannot find "${missing}".` : `${error.name}: ${error.message.split('\n')[0]}`
  const hint = (error as { hint?: unknown }).hint
  return {
    code: 'file-mistake',
    place: (missing ? lineOf(missing, file, shown) : null) ?? placeIn(error, directory) ?? shown,
    title,
    ...(missing && !missing.startsWith('/') && { hint: `Install it: npm install ${missing}` }),
    ...(typeof hint === 'string' && !title.toLowerCase().includes(hint.toLowerCase()) && { hint }),
  }
}

/** The line that names what cannot be found, if it is in this file and not in one that it imports. */
function lineOf(specifier: string, file: string, shown: string): string | null {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex(text => text.includes(specifier))
  return line < 0 ? null : `${shown}:${line + 1}`
}

function placeIn(error: Error, directory: string): string | null {
  for (const [, path, line, column] of (error.stack ?? '').matchAll(/(?:file:\/\/)?(\/[^\s():]+):(\d+)(?::(\d+))?/g)) {
    if (!path || path.includes('/node_modules/') || !path.startsWith(`${directory}/`)) continue
    return `${relative(directory, decodeURI(path))}:${line}${column ? `:${column}` : ''}`
  }
  return null
}
