import { createHash } from 'node:crypto'
import { type GateKeys, keyAt } from '../../core/limits.ts'
import { QUEUE_DEFAULT } from '../../core/options.ts'
import type { Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { Definitions } from '../definitions.ts'
import type { LimitMet } from '../face.ts'
import type { Rules } from './rules.ts'

/** Sequences whose last place is remembered; older ones lie in the past, where no new place falls. */
const PLACES_MAX = 10_000

/** Reads from a run's input, once, when it starts, what will gate it: nothing looks into payloads later. */
export class Gating {
  private readonly definitions: Definitions
  private readonly rules: Rules
  private readonly places = new Map<string, { place: Instant; call: object }>()

  constructor(definitions: Definitions, rules: Rules) {
    this.definitions = definitions
    this.rules = rules
  }

  /** Null: nothing of its input gates it. */
  of(namespace: string, definition: string, queue: string | undefined, input: Payload | null): GateKeys | null {
    const paths = this.rules.paths(namespace, queue, definition)
    const sequence = this.definitions.get(namespace, definition)?.options.sequence
    if (paths.length === 0 && sequence === undefined) return null
    const value: unknown = input === null ? null : JSON.parse(input)
    const gate: GateKeys = {}
    if (paths.length > 0) gate.keys = Object.fromEntries(paths.map(path => [path, keyAt(value, path, hash)]))
    if (sequence !== undefined) gate.sequence = keyAt(value, sequence.per, hash)
    return gate
  }

  /** The limits that a run would meet, each with the value of its input that it counts for. No queue: that of its definition. */
  met(namespace: string, definition: string, queue: string | null, input: Payload | null): LimitMet[] {
    const place = queue ?? this.definitions.get(namespace, definition)?.options.queue ?? QUEUE_DEFAULT
    const applied = this.rules.applied(namespace, place, definition)
    const value: unknown = input === null || applied.every(({ per }) => per === null) ? null : JSON.parse(input)
    return applied.map(({ limit, per, weight }) => ({ limit, per, key: per === null ? null : keyAt(value, per, hash), weight }))
  }

  /** Its place in its sequence. Runs of one call share it, and go by their ids, which sort as the call has them; each call has a place of its own. */
  place(namespace: string, definition: string, sequence: string, call: object, now: Instant): Instant {
    const name = `${namespace}\n${definition}\n${sequence}`
    const last = this.places.get(name)
    if (last !== undefined && last.call === call) return last.place
    const place = last === undefined ? now : Math.max(now, last.place + 1)
    this.places.delete(name)
    this.places.set(name, { place, call })
    if (this.places.size > PLACES_MAX) this.places.delete(this.places.keys().next().value as string)
    return place
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
