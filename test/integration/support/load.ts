import type { Client, RunHandle } from '@mainspring/sdk'
import { flaky, hopeless, once, type Proof, parent, plain } from './jobs.ts'

export type Kind = 'plain' | 'many' | 'flaky' | 'delayed' | 'keyed' | 'once' | 'parent' | 'hopeless'

/** What a client was told: the server has acknowledged this run. */
export interface Receipt {
  run: string
  kind: Kind
  key?: string
  /** Earliest start of its handler, by the wall clock. */
  dueAt?: number
  /** Its output's nonce, as `result()` gave it; null: it was told that the run had failed. */
  result?: string | null
}

/** A client that starts runs of all kinds without a pause, repeats what is refused or not answered, and keeps the receipts. */
export class Load {
  readonly receipts: Receipt[] = []
  /** Calls that were not answered in spite of all repeats, and answers that cannot be. */
  readonly complaints: string[] = []
  readonly #client: Client
  readonly #loops: Promise<void>[] = []
  readonly #results: Promise<void>[] = []
  #stopped = false
  #count = 0

  constructor(client: Client) {
    this.#client = client
  }

  begin(loops: number, pauseMs: number): void {
    for (let loop = 0; loop < loops; loop++) this.#loops.push(this.#go(pauseMs))
  }

  /** Resolves when every call that was begun has its answer, and every result that was waited for is there. */
  async end(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
    await Promise.all(this.#results)
  }

  async #go(pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      const n = this.#count++
      await this.#start(KINDS[n % KINDS.length]!, n).catch(error => this.complaints.push(`start ${n}: ${error}`))
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }

  async #start(kind: Kind, n: number): Promise<void> {
    switch (kind) {
      case 'plain':
        return this.#keep(kind, await this.#client.start(plain, { ms: n % 7 === 0 ? 150 : n % 5 }), n)
      case 'flaky':
        return this.#keep(kind, await this.#client.start(flaky, { failures: 1 + (n % 3) }), n)
      case 'hopeless':
        return this.#keep(kind, await this.#client.start(hopeless, null), n)
      case 'once':
        return this.#keep(kind, await this.#client.start(once, { ms: n % 3 === 0 ? 100 : n % 10 }), n)
      case 'parent':
        return this.#keep(kind, await this.#client.start(parent, null), n)
      case 'delayed': {
        const delay = 100 + (n % 40) * 50
        const dueAt = Date.now() + delay
        return this.#keep(kind, await this.#client.start(plain, { ms: 1 }, { delay }), n, { dueAt })
      }
      case 'many': {
        const handles = await this.#client.startMany(
          plain,
          Array.from({ length: 10 }, (_, index) => ({ input: { ms: index } })),
        )
        for (const handle of handles) this.#keep(kind, handle, 0)
        return
      }
      case 'keyed':
        return this.#keyed(n)
    }
  }

  /** Twice at the same time, and one from long ago again: one run a key. */
  async #keyed(n: number): Promise<void> {
    const keyOf = (number: number): string => `key-${number}`
    const start = (number: number): Promise<RunHandle<Proof>> => this.#client.start(plain, { ms: number % 20 }, { key: keyOf(number) })
    const again = Math.floor(n / KINDS.length / 2) * KINDS.length + (n % KINDS.length)
    const [first, second, old] = await Promise.all([start(n), start(n), start(again)])
    this.#keep('keyed', first, n, { key: keyOf(n) })
    this.#keep('keyed', second, n, { key: keyOf(n) })
    this.#keep('keyed', old, n, { key: keyOf(again) })
  }

  #keep(kind: Kind, handle: RunHandle<Proof>, n: number, more: Partial<Receipt> = {}): void {
    const receipt: Receipt = { run: handle.id, kind, ...more }
    this.receipts.push(receipt)
    if (n % RESULTS_EVERY !== 1) return
    const result = handle.result().then(
      output => {
        receipt.result = output.nonce
      },
      error => {
        if (error.code === 'run-failed') receipt.result = null
        else this.complaints.push(`result of ${handle.id}: ${error}`)
      },
    )
    this.#results.push(result)
  }
}

const KINDS: readonly Kind[] = ['plain', 'flaky', 'once', 'delayed', 'keyed', 'plain', 'once', 'parent', 'many', 'once', 'hopeless']
/** Of some runs the client waits for the result, which must be the one that is kept. Not a divisor of the kinds' number, so that all kinds are among them. */
const RESULTS_EVERY = 7
