import { hash53 } from './ids.ts'
import type { DagGate } from './limits.ts'
import type { Instant } from './time.ts'

/** What a worker has (`gpu: 'a100'`), or what a job asks of one: each that is asked for must be there and equal. */
export type Labels = Readonly<Record<string, string>>

/** Ready tasks wait in groups by what gates them (E19): whatever blocks one of a group blocks all. */
export interface Group {
  namespace: string
  queue: string
  definition: string
  labels: Labels | null
  /** Values from its inputs that limits and shares go by (limits.ts); null: none. */
  keys: Readonly<Record<string, string>> | null
  /** The key of its sequence; null: in none. */
  sequence: string | null
  /** Of tasks of a DAG, what holds them beside their own definition. */
  dag?: DagGate | null
}

/** 53 bits of hash: equal groups have equal ids in every node and at every time. */
export type GroupId = number

export function groupId({ namespace, queue, definition, labels, keys, sequence, dag }: Group): GroupId {
  const gated = `${keys === null ? '' : `\0${inOrder(keys)}`}${sequence === null ? '' : `\0\0${sequence}`}${dag == null ? '' : `\0\0\0${dagText(dag)}`}`
  return hash53(`${namespace}\0${queue}\0${definition}\0${labels === null ? '' : inOrder(labels)}${gated}`)[0]
}

export function dagText({ name, pool, slots }: DagGate): string {
  return JSON.stringify([name, pool, slots])
}

function inOrder(words: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(words).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One step of priority is worth a minute of waiting: a task of priority 5 goes before one of priority 0 that became ready up to 5 minutes earlier. */
export const PRIORITY_STEP_MS = 60_000
export const PRIORITY_MIN = -100
export const PRIORITY_MAX = 100

/** The static sort key of a ready task, smallest first: priority with ageing, since a task that waits needs no new key (E19). */
export function sortKey(readyAt: Instant, priority: number): number {
  return readyAt - priority * PRIORITY_STEP_MS
}

/** A task of a DAG stands where it would if it had been ready since its run began, but for so long at most: a long run holds nobody up for longer. */
export const RUN_AHEAD_MS = PRIORITY_STEP_MS

/** Since when a task counts as ready; `runSince` as in `GateKeys`. A clock that was set back since does not put it behind what became ready with it. */
export function countedSince(readyAt: Instant, runSince: number): number {
  return Math.max(Math.min(runSince, readyAt + 1), readyAt - RUN_AHEAD_MS)
}

/** A label of the engine's own: the worker of this id, and no other. No label of people has a colon in its name. */
export const WORKER_LABEL = ':worker'

/** Of the engine's own as well: a worker whose code has this version, or none of those that a JSON list names. */
export const VERSION_LABEL = ':version'
export const OTHER_VERSION_LABEL = ':other-version'

/** What a task asks of the version of its worker's code; true where it asks nothing. `version` null: it has none. */
export function versionFits(asked: Labels | null, version: () => string | null): boolean {
  if (asked === null) return true
  const { [VERSION_LABEL]: only, [OTHER_VERSION_LABEL]: others } = asked
  if (only !== undefined && only !== version()) return false
  return others === undefined || !(JSON.parse(others) as (string | null)[]).includes(version())
}

/** True when `offered` has all else that `asked` asks for. */
export function labelsFit(asked: Labels | null, offered: Labels, worker?: string): boolean {
  if (asked === null) return true
  for (const name in asked) {
    if (name === VERSION_LABEL || name === OTHER_VERSION_LABEL) continue
    if (asked[name] !== (name === WORKER_LABEL ? worker : offered[name])) return false
  }
  return true
}
