import type { Client } from '../client.ts'
import type { Flows } from '../worker/flows.ts'
import type { Streams } from '../worker/streams.ts'
import type { History, Saying } from './messages.ts'

const IDLE_MS = 10 * 60_000

/** A workflow's run between two requests: what was said to it and whom it tells change with each. */
export interface LiveRun {
  readonly told: History
  readonly flows: Flows
  readonly streams: Streams
  readonly stop: AbortController
  say: (saying: Saying) => void
}

/**
 * Runs that wait here for their next request. Each has a name that nobody has said before, and goes on only with the request that says it: whoever sends it has had all
 * that was said under it accepted. After an answer of another instance, or one that broke off, it has another name, and the run is made anew from its history.
 */
export class LiveRuns {
  readonly #client: Client
  readonly #max: number
  /** By run, those that have waited longest first. */
  readonly #waiting = new Map<string, { name: string; since: number; live: LiveRun }>()

  constructor(client: Client, max: number) {
    this.#client = client
    this.#max = max
  }

  /** It is the caller's from now on. Null: there is none, or it is not the one that goes on. */
  take(run: string, name: string | undefined): LiveRun | null {
    this.#sweep(this.#max)
    const found = this.#waiting.get(run)
    if (found === undefined) return null
    this.#waiting.delete(run)
    if (found.name === name) return found.live
    end(found.live)
    return null
  }

  /** Its name; null: it is not kept. */
  keep(run: string, live: LiveRun): string | null {
    if (this.#max === 0) return null
    this.take(run, undefined)
    this.#sweep(this.#max - 1)
    const name = this.#client.newId()
    live.say = () => {}
    this.#waiting.set(run, { name, since: this.#client.clock.now(), live })
    return name
  }

  #sweep(max: number): void {
    const now = this.#client.clock.now()
    for (const [run, { since, live }] of this.#waiting) {
      if (this.#waiting.size <= max && now - since <= IDLE_MS) break
      this.#waiting.delete(run)
      end(live)
    }
  }
}

function end({ stop }: LiveRun): void {
  stop.abort(new Error('the run goes on elsewhere'))
}
