import type { Client } from './client.ts'
import { fitting } from './worker/fitting.ts'

export interface GatheringOptions<Item> {
  client: Client
  /** Calls under way at once. */
  callsMax: number
  /** Of one call; it has no more bytes than one wants to send at once, either. */
  itemsMax: number
  /** Of more items than these no call takes more than half: who is called begins with them while the others follow. Default: one takes all that it may. */
  halvedFrom?: number
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
    const { callsMax, itemsMax, halvedFrom = itemsMax, textOf, send } = this.#options
    while (this.#queue.length > 0 && this.#calls < callsMax) {
      const most = Math.min(itemsMax, Math.max(halvedFrom, Math.ceil(this.#queue.length / 2)))
      const batch = this.#queue.splice(0, fitting(this.#queue, most, textOf))
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
