import { TASKS_PER_CALL_MAX } from '../bounds.ts'
import { waitMs } from '../calls.ts'
import type { Client } from '../client.ts'
import { delayed } from '../clock.ts'
import { mayBeTagged } from '../codec.ts'
import type { WireDelivery, WirePoll, WirePolled } from '../wire.ts'
import { certain } from './certain.ts'
import type { Room } from './room.ts'

/**
 * Asks for work, one poll at a time, for ever: each poll names the last answer that arrived, so that the server gives again what did not (E16).
 * A poll leaves when a quarter of the slots is free, or some have been free for 2 ms: single free slots of a busy worker do not cost a call each; and after what
 * the few tasks of the last answer say at once.
 */
export class Poller {
  readonly #options: PollerOptions
  readonly #stop = new AbortController()
  #asking: Promise<void> | null = null
  #patience: (() => void) | null = null
  #last: string | null = null
  #connected = true
  #stopped = false
  #failures = 0

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /** Slots may have become free. */
  wake(): void {
    if (this.#asking !== null || this.#stopped) return
    const free = this.#options.free()
    if (free <= 0) return
    if (free >= this.#options.room.slots / 4) {
      this.#patience?.()
      this.#patience = null
      this.#ask(free)
      return
    }
    this.#patience ??= this.#options.client.clock.after(PATIENCE_MS, () => {
      this.#patience = null
      const still = this.#options.free()
      if (this.#asking === null && !this.#stopped && still > 0) this.#ask(still)
    })
  }

  /** Asks no more. A poll under way gets a moment to answer, for what is in its answer would be lost for as long as a lease; then it is given up. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#patience?.()
    if (this.#asking === null) return
    const { clock } = this.#options.client
    const giveUp = (): void => this.#stop.abort(new Error('the worker stops'))
    if (this.#options.local) giveUp()
    const cancel = clock.after(LAST_ANSWER_MS, giveUp)
    await this.#asking
    cancel()
  }

  #ask(max: number): void {
    this.#asking = this.#poll(Math.min(max, TASKS_PER_CALL_MAX)).finally(() => {
      this.#asking = null
      this.wake()
    })
  }

  async #poll(max: number): Promise<void> {
    const { client, request, room, pollWaitMs, onConnection } = this.#options
    const startedAt = client.clock.monotonic()
    // A poll cannot be told of units that come back while it waits, and giving it up would lose a task that is delivered once.
    const wait = room.hasUnitsInUse ? Math.min(pollWaitMs, UNITS_WAIT_MS) : pollWaitMs
    const poll: WirePoll = { ...request, ...(room.total && { units: room.unitsFree }), last: this.#last, max, wait }
    try {
      const call = { params: { namespace: client.namespace }, body: JSON.stringify(poll), waitMs: wait, signal: this.#stop.signal }
      const text = await client.connection.call('tasks.poll', call)
      const polled = JSON.parse(text) as WirePolled
      this.#last = polled.answer
      if (!this.#connected) onConnection(null)
      this.#connected = true
      const idle = polled.tasks.length === 0 && client.clock.monotonic() - startedAt < wait / 10
      this.#failures = idle ? this.#failures + 1 : 0
      if (polled.tasks.length > 0) await this.#take(polled.tasks, startedAt, mayBeTagged(text))
      else if (idle) await this.#pause(null) // a server that stops answers at once and with nothing
    } catch (error) {
      if (this.#stop.signal.aborted) return
      if (this.#connected) onConnection(error)
      this.#connected = false
      this.#failures++
      await this.#pause(error)
    }
  }

  async #take(given: WireDelivery[], polledAt: number, tagged: boolean): Promise<void> {
    const { client, request, onTasks } = this.#options
    const { tasks, askedAt } = await certain(client, request.worker, given, polledAt, this.#stop.signal)
    if (tasks.length > 0) onTasks(tasks, tagged, client.clock.monotonic() - askedAt)
    if (tasks.length <= FEW) await this.#firstWords()
  }

  /**
   * What a few tasks say at once (a result, how far a workflow's code is) goes before the next poll: somebody waits for it, and making a call costs as much as
   * either takes. Of many, some are long in saying it, and others could begin meanwhile.
   */
  async #firstWords(): Promise<void> {
    const { clock } = this.#options.client
    for (let turn = 0; turn < FIRST_WORD_TURNS; turn++) await new Promise<void>(resolve => clock.soon(resolve))
  }

  async #pause(error: unknown): Promise<void> {
    const { clock, random } = this.#options.client
    await delayed(clock, waitMs(error, this.#failures - 1, random), this.#stop.signal).catch(() => {})
  }
}

export interface PollerOptions {
  client: Client
  request: Omit<WirePoll, 'last' | 'max' | 'wait' | 'units'>
  room: Room
  pollWaitMs: number
  /** Server and worker are one thread: no answer can be on its way. */
  local: boolean
  /** Tasks that could begin now. */
  free: () => number
  /** `mayBeTagged`: some value of these tasks may be in the tagged form. `ageMs`: so long ago they were this worker's for certain. */
  onTasks: (tasks: WireDelivery[], mayBeTagged: boolean, ageMs: number) => void
  /** The first failure after a success, or null for the first success after a failure. */
  onConnection: (error: unknown) => void
}

const PATIENCE_MS = 2
const FEW = 4
/** Turns of the event loop in which a workflow's code begins, ends a step that waits for nothing, goes on from there, and its call is made. */
const FIRST_WORD_TURNS = 6
const UNITS_WAIT_MS = 1_000
const LAST_ANSWER_MS = 250
