import { UserError } from '../core/errors.ts'
import type { LiveEvent } from '../engine/face.ts'
import { foundText } from './check.ts'
import type { LogRow } from './rows.ts'
import { liveEventText, type ToldEvent } from './views.ts'

/** Events and their length as text that wait for one client. */
const BUFFERED_EVENTS_MAX = 1_000
const BUFFERED_LENGTH_MAX = 4 * 1024 * 1024

type Lagged = LiveEvent & { is: 'lagged' }

/** Between the engine, which does not wait, and a client, which may be slow: over its bound it forgets all and says `lagged`. */
export class LiveBuffer<Event extends LiveEvent = ToldEvent> {
  #events: (Event | Lagged)[] = []
  #length = 0
  #wake: (() => void) | null = null
  readonly #signal: AbortSignal | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  push(event: Event | Lagged): void {
    const length = lengthOf(event)
    const full = this.#events.length >= BUFFERED_EVENTS_MAX || (this.#events.length > 0 && this.#length + length > BUFFERED_LENGTH_MAX)
    if (full || event.is === 'lagged') {
      this.#events = [{ is: 'lagged' }]
      this.#length = 0
    } else {
      this.#events.push(event)
      this.#length += length
    }
    this.#wake?.()
  }

  /** The next event, or null once the signal is aborted. */
  async take(): Promise<Event | Lagged | null> {
    while (this.#events.length === 0 && !this.#signal?.aborted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = null
    }
    if (this.#signal?.aborted) return null
    const event = this.#events.shift() as Event | Lagged
    this.#length -= lengthOf(event)
    return event
  }

  /** The lines that wait, whatever else does. */
  logs(): LogRow[][] {
    return this.#events.flatMap(event => (event.is === 'log' ? [event.lines] : []))
  }
}

function lengthOf(event: LiveEvent): number {
  return event.is === 'chunks' ? event.rows.reduce((sum, { chunks }) => sum + chunks.length, 0) : textOf(event).length
}

/** One event goes to many clients: its text is made once. */
const texts = new WeakMap<LiveEvent, string>()
export function textOf(event: ToldEvent): string {
  let text = texts.get(event)
  if (text === undefined) {
    text = liveEventText(event)
    texts.set(event, text)
  }
  return text
}

export function readLastEventId(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  if (!/^\d{1,15}$/.test(text))
    throw new UserError('invalid-input', {
      at: '/header/last-event-id',
      found: foundText(text),
      hint: 'expected the id of an event of this stream: a whole number',
    })
  return Number(text)
}
