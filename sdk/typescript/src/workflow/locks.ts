import * as check from '../checks.ts'
import { currentClient } from '../current.ts'
import { RequestRefused } from '../errors.ts'
import type { AnyJob } from '../job.ts'

/** How many runs may hold it at the same time, 1 to 100, the same number wherever it is named. Default 1. */
export interface NamedLock {
  permits?: number
}
export type NamedLocks = Readonly<Record<string, NamedLock>>
/** Locks that a workflow names, and the queue in which its places in their lines wait. */
export interface Locks {
  named: NamedLocks
  queue: string | undefined
}

/** What holds a lock, from its first delivery to its end: a run of its own, in a sequence. */
export interface LockInput {
  key: string
  /** Who is told, and how, that it has the turn. */
  run: string
  signal: string
}

/** The definition whose runs hold it: one for all workflows of the namespace. */
export function lockDefinition(name: string): string {
  return `mainspring.lock.${name}`
}
/** No other operation of the run, nor of what it was before it began anew, waits for it. */
export function lockSignal(base: number, n: number): string {
  return `mainspring.lock/${base}/${n}`
}
export const RELEASE = 'release'
export const PERMITS_MAX = 100
/** So that the definition's name is one. */
const NAME_LENGTH_MAX = 150
const KEY_LENGTH_MAX = 500

export function locksOf(workflow: AnyJob): Locks {
  return { named: locksNamedBy(workflow), queue: workflow.options.queue }
}

export function locksNamedBy({ locks = {} }: AnyJob & { locks?: NamedLocks }): NamedLocks {
  return locks
}

/** @throws InvalidOption, with its place among the options of the workflow. */
export function namedLocks(given: NamedLocks): NamedLocks {
  for (const [name, lock] of Object.entries(check.record(given, '/locks'))) {
    const at = `/locks/${name}`
    if (check.name(name, at).length > NAME_LENGTH_MAX) check.refuse(name, at, `${NAME_LENGTH_MAX} characters at most`)
    for (const [option, value] of Object.entries(check.record(lock, at)))
      if (option === 'permits') check.integer(1, PERMITS_MAX)(value, `${at}/permits`)
      else check.refuse(option, `${at}/${option}`, 'a lock has permits', 'There is no such option')
  }
  return given
}

export function lockKey(key: unknown): string {
  if (key === undefined) return ''
  if ((typeof key !== 'string' && !Number.isFinite(key)) || String(key).length > KEY_LENGTH_MAX)
    check.refuse(key, '/key', `a text or a number of up to ${KEY_LENGTH_MAX} characters`)
  return String(key)
}

/** Tells a run something; one that has ended needs no word. */
export async function tell(run: string, signal: string, payload?: unknown): Promise<void> {
  await unlessClosed(currentClient().handle(run).signal(signal, payload))
}

/** Gives a place up. */
export async function giveUp(run: string): Promise<void> {
  await unlessClosed(currentClient().handle(run).cancel())
}

async function unlessClosed(told: Promise<unknown>): Promise<void> {
  await told.catch(error => {
    if (!(error instanceof RequestRefused) || !ENDED.has(error.code)) throw error
  })
}
const ENDED = new Set(['run-closed', 'run-not-found'])
