import { encode, tag } from '../codec.ts'
import type { WireEntry, WireEvent } from '../wire.ts'

/** What a run's code shows to those outside: told when it differs from what the history tells, so code that is replayed tells it once. */
export class Shown {
  state: unknown
  metadata: unknown
  #told: { shown?: string; metadata?: string }

  constructor(metadata: unknown) {
    this.metadata = metadata
    this.#told = { metadata: textOf(metadata, '/metadata') }
  }

  /** The history tells of it. */
  told({ shown, metadata }: WireEvent): void {
    if (shown !== undefined) this.#told.shown = JSON.stringify(shown)
    if (metadata !== undefined) this.#told.metadata = JSON.stringify(metadata)
  }

  /** What has changed since; null: nothing. */
  take(): WireEntry | null {
    const shown = textOf(this.state, '/state')
    const metadata = textOf(this.metadata, '/metadata')
    const isState = shown !== 'null' && shown !== this.#told.shown
    const isMetadata = metadata !== this.#told.metadata
    if (!isState && !isMetadata) return null
    if (isState) this.#told.shown = shown
    if (isMetadata) this.#told.metadata = metadata
    return { is: 'shown', ...(isState && { shown: JSON.parse(shown) }), ...(isMetadata && { metadata: JSON.parse(metadata) }) }
  }
}

/** @throws Unserialisable */
export function textOf(value: unknown, at: string): string {
  if (value === undefined || value === null) return 'null'
  encode(value, at)
  return JSON.stringify(tag(value, at)) ?? 'null'
}
