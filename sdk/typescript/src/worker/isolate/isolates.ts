import type { Client } from '../../client.ts'
import type { Attempt } from '../attempt.ts'
import { Child } from './child.ts'

/** The processes of a worker's isolated handlers: one for each attempt under way, and a few that wait for the next. */
export class Isolates {
  readonly #client: Client
  readonly #all = new Set<Child>()
  #idle: Child[] = []
  #closed = false

  constructor(client: Client) {
    this.#client = client
  }

  async run(attempt: Attempt): Promise<unknown> {
    const { file, options } = attempt.job
    const child = this.#take(options.resourceLimits?.memoryMb ?? null)
    try {
      return await child.run(attempt, file as string, this.#client.connection, this.#client.namespace)
    } finally {
      if (child.usable && !this.#closed && this.#idle.length < IDLE_MAX) this.#idle.push(child)
      else child.end()
    }
  }

  close(): void {
    this.#closed = true
    for (const child of this.#all) child.end()
  }

  #take(memoryMb: number | null): Child {
    const index = this.#idle.findIndex(child => child.usable && child.memoryMb === memoryMb)
    const [idle] = index < 0 ? [] : this.#idle.splice(index, 1)
    if (idle) return idle
    const child: Child = new Child(memoryMb, () => {
      this.#all.delete(child)
      this.#idle = this.#idle.filter(one => one !== child)
    })
    this.#all.add(child)
    return child
  }
}

/** Each costs some 40 MB; to begin one costs some 100 ms. */
const IDLE_MAX = 4
