import type { Client, Job } from '@mainspring/sdk'
import { accountsOf, type Execution, executionsOf, type LimitedReceipt, outOfTurn, tooManyAtOnce } from '../integration/support/limited-checker.ts'
import { type Keyed, ordered, perUser, pooledOne, pooledTwo, type Witness } from '../integration/support/limited-jobs.ts'

/** By the definition of `perUser`, and set for the pool. */
const PER_USER = 2
const POOL = 4
/** So many at once, so that the limits are met; and no more than the limits let through meanwhile. */
const BURST = 8
const EVERY_MS = 4_000
/** One in so many runs across what breaks meanwhile. */
const LONG_EVERY = 30
const LONG_MS = 3_000

/** Clients that start what is limited, a burst at a time. */
export class LimitedLoad {
  readonly receipts: LimitedReceipt[] = []
  readonly #clients: readonly Client[]
  readonly #loops: Promise<void>[] = []
  #stopped = false
  #begun = 0

  constructor(clients: readonly Client[]) {
    this.#clients = clients
  }

  async begin(): Promise<void> {
    await this.#clients[0]?.limits.set('warehouse', { concurrency: POOL, on: 'pool' })
    for (const key of ['ada', 'bob', 'eve']) this.#loops.push(this.#go(perUser, key))
    for (const job of [pooledOne, pooledTwo]) this.#loops.push(this.#go(job, 'pool'))
    for (const key of ['first', 'second', 'third']) this.#loops.push(this.#go(ordered, key))
  }

  async end(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  /** The bursts of a key one after the other: so it is known which was first. */
  async #go(job: Job<Keyed, string>, key: string): Promise<void> {
    const client = this.#clients[this.#loops.length % this.#clients.length] as Client
    const weight = job.name === pooledTwo.name ? 2 : 1
    while (!this.#stopped) {
      const inputs = Array.from({ length: BURST }, () => ({
        input: { key, ms: this.#begun++ % LONG_EVERY === 0 ? LONG_MS : 20 + (this.#begun % 61) },
      }))
      const handles = await client.startMany(job, inputs)
      this.receipts.push(...handles.map(({ id }) => ({ run: id, job: job.name, key, weight })))
      await new Promise(resolve => setTimeout(resolve, EVERY_MS))
    }
  }
}

/** By the handlers' own word: at no instant more than the limit, and one after the other where they are in sequence. All have completed. */
export async function checkLimits(
  client: Client,
  receipts: readonly LimitedReceipt[],
  words: readonly Witness[],
  killedAt: ReadonlyMap<number, number>,
): Promise<{ executions: number; wrong: string[] }> {
  const wrong: string[] = []
  const executions = executionsOf(receipts, words, killedAt)
  const { runs, histories } = await accountsOf(client, receipts)
  const of = (...jobs: { name: string }[]) => executions.filter(({ job }) => jobs.some(({ name }) => name === job))
  const atOnce = (spans: readonly Execution[], max: number): void => {
    for (const text of tooManyAtOnce(spans, () => max).wrong) {
      const known = receipts.filter(({ run }) => text.includes(run)).map(({ run }) => `${run} ${JSON.stringify(histories.get(run))}`)
      wrong.push([text, ...known].join('\n    '))
    }
  }
  for (const users of Map.groupBy(of(perUser), ({ key }) => key).values()) atOnce(users, PER_USER)
  atOnce(of(pooledOne, pooledTwo), POOL)
  wrong.push(
    ...outOfTurn(
      receipts.filter(({ job }) => job === ordered.name),
      of(ordered),
    ),
  )
  for (const { run, job } of receipts) {
    const state = runs.get(run)?.state
    if (state !== 'completed') wrong.push(`${run}: ${job} ended ${state}, expected completed`)
  }
  return { executions: executions.length, wrong }
}
