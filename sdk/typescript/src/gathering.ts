import type { Client } from './client.ts'
import { fitting } from './worker/fitting.ts'

export interface GatheringOptions<Item> {
  client: Client
  /** Calls under way at once. */
  callsMax: number
  /** Of one call; it has no more bytes than one wants to send at once, either. */
  itemsMax: number
  textOf(item: Item): string
  /** Never rejects. Its place is free once it is over, or `free` is called before. */
  send(batch: readonly Item[], free: () => void): Promise<void>
}

/** What is to be sent in one turn of the event loop goes in one call; with as many calls under way as there may be, what comes meanwhile goes in the next. */
export class Gathering<Item> {
  readonly #options: GatheringOptions<Item>
  readonly #queue: Item[] = []
  #calls = 0
  #scheduled = false

  constructor(options: GatheringOptions<Item>) {
    this.#options = options
  }

  add(item: Item): void {
    this.#queue.push(item)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.client.clock.soon(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    const { callsMax, itemsMax, textOf, send } = this.#options
    while (this.#queue.length > 0 && this.#calls < callsMax) {
      const batch = this.#queue.splice(0, fitting(this.#queue, itemsMax, textOf))
      this.#calls++
      let isFree = false
      const free = (): void => {
        if (isFree) return
        isFree = true
        this.#calls--
        this.#pump()
      }
      void send(batch, free).finally(free)
    }
  }
}
