import { InvariantError } from '../core/errors.ts'
import type { ActorId, RunId } from '../core/ids.ts'
import type { HistoryEvent, OpenState } from '../core/run.ts'
import type { StreamHeads } from '../core/stream.ts'
import { type AnyMachine, machineOf } from '../machines/registry.ts'
import type { Row } from '../store/store.ts'
import type { KeptHold } from './limits/resource.ts'

/**
 * The body of a run's row: the events since the last segment, what was before them as a snapshot (E10), and what the engine itself keeps of the run.
 * A short run is `{"events":[…]}`: one row with its events inside.
 */
export interface Body {
  /** Number of the first event in `events`: what came before is in segments, and folded into `snapshot`. */
  first?: number
  snapshot?: unknown
  /** When the last event before them happened: times of a run never step back (E20). */
  lastAt?: number
  events: HistoryEvent[]
  unique?: HeldUnique
  stuck?: Stuck
  /** What its delivery holds of limits by rows of its own (E17). */
  holds?: readonly KeptHold[]
  /** How far its streams are. */
  streams?: StreamHeads
  /** Who is told when it closes (watchers.ts), beside its parent. */
  watchers?: readonly ActorId[]
}

/** The unique key that the run holds while it is in one of these states. */
export interface HeldUnique {
  key: string
  states: readonly OpenState[]
  /** It held it, and has left these states: its retry asks for the key again. */
  left?: true
}

/** A machine threw on `input` (E14): it is kept as a dead letter and given again on resume. */
export interface Stuck {
  input: { is: string }
  why: string
  at: number
}

/** `events` and `snapshot` are texts already: each was encoded once. */
export function encodeBody(events: readonly string[], rest: Omit<Body, 'events' | 'snapshot'>, snapshot: string): string {
  let head = ''
  if (rest.first !== undefined && rest.first > 0) head += `"first":${rest.first},"lastAt":${rest.lastAt},"snapshot":${snapshot},`
  if (rest.unique !== undefined) head += `"unique":${JSON.stringify(rest.unique)},`
  if (rest.stuck !== undefined) head += `"stuck":${JSON.stringify(rest.stuck)},`
  if (rest.streams !== undefined) head += `"streams":${JSON.stringify(rest.streams)},`
  if (rest.watchers !== undefined) head += `"watchers":${JSON.stringify(rest.watchers)},`
  if (rest.holds !== undefined) head += `"holds":${JSON.stringify(rest.holds)},`
  return `{${head}"events":[${events.join(',')}]}`
}

export function decodeBody(body: string): Body {
  return JSON.parse(body) as Body
}

/** The state of a run as its row tells it: snapshot and events since. @throws UnknownKind */
export function stateOf(row: Pick<Row, 'kind' | 'body' | 'id'>): { machine: AnyMachine; body: Body; state: unknown } {
  const machine = machineOf(row.kind)
  const body = decodeBody(row.body)
  const { snapshot = null } = body
  const before = snapshot === null || machine.revive === undefined ? snapshot : machine.revive(snapshot)
  return { machine, body, state: foldEvents(machine, before, body.events, row.id) }
}

export function foldEvents(machine: AnyMachine, snapshot: unknown, events: readonly HistoryEvent[], run: RunId): unknown {
  let state = snapshot
  for (const event of events) state = machine.evolve(state, event)
  if (state === null) throw new InvariantError('a history without events', { run })
  return state
}
