import type { Call, Client, Connection, OperationName, Schedule } from '@mainspring/sdk'
import { startWorker, type Worker } from '@mainspring/sdk/worker'
import * as inventory from '../jobs/inventory.ts'
import * as mail from '../jobs/mail.ts'
import * as media from '../jobs/media.ts'
import * as orders from '../jobs/orders.ts'
import * as payments from '../jobs/payments.ts'
import * as reports from '../jobs/reports.ts'
import { ORDERS_OF_NIGHT, schedulesOf } from '../jobs/schedules.ts'
import * as upkeep from '../jobs/upkeep.ts'
import type { Stage } from './stage.ts'

const MODULES = [payments, mail, media, inventory, reports, orders, upkeep]
export const JOBS = MODULES.flatMap(({ ...exported }) => Object.values(exported)).filter(value => 'handler' in value)

/** Names the code that has the schedules. */
const SOURCE = 'shop'
const GENERAL = ['payments', 'mail', 'webhooks', 'inventory', 'import', 'upkeep', 'reports', 'exports', 'alerts', 'newsletter', 'default']

/** The workers of the shop, ordinary ones of the SDK on the stage's clock. */
export class Crew {
  readonly #stage: Stage
  readonly #members = new Map<string, Member>()

  readonly #schedules: readonly Schedule[]

  constructor(stage: Stage, scale: number) {
    this.#stage = stage
    this.#schedules = schedulesOf(Math.ceil(ORDERS_OF_NIGHT * Math.min(1, scale)))
  }

  async begin(): Promise<void> {
    await this.#join('worker-eu-1', { queues: GENERAL, slots: 24 }, true)
    await this.#join('worker-eu-2', { queues: GENERAL, slots: 16 })
    await this.#join('worker-eu-3', { queues: ['search', 'inventory'], slots: 4 })
    await this.#join('media-1', { queues: ['media'], slots: 4 })
  }

  /** Its process is killed: it says nothing more, its leases run out, and what it had begun is begun again elsewhere. */
  kill(name: string): void {
    const member = this.#members.get(name)
    if (member === undefined) return
    member.link.dead = true
    this.#members.delete(name)
  }

  /** The same machine has started it again. */
  async again(name: string): Promise<void> {
    if (this.#members.has(name)) return // it was never killed: the day began later
    await this.#join(name, { queues: GENERAL, slots: 16 })
  }

  /** All give back what they have, as at a deployment; those that were killed do not. */
  async end(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ worker }) => worker.stop()))
  }

  async #join(name: string, { queues, slots }: { queues: string[]; slots: number }, registers = false): Promise<void> {
    const link = new Link(this.#stage.client())
    const { clock, random } = this.#stage
    const worker = startWorker({
      jobs: JOBS,
      ...(registers && { schedules: this.#schedules, source: SOURCE }),
      connection: link,
      name,
      queues,
      slots,
      clock,
      random,
      pollWaitMs: 60_000,
      log: () => {},
    })
    this.#members.set(name, { worker, link })
    await worker.ready
  }
}

interface Member {
  worker: Worker
  link: Link
}

/** A worker's way to the server. Once the worker is dead nothing it asks is sent, and nothing is answered. */
class Link implements Connection {
  dead = false
  readonly #client: Client
  constructor(client: Client) {
    this.#client = client
  }
  async call(operation: OperationName, call: Call): Promise<string> {
    if (this.dead) return new Promise(() => {})
    const answer = await this.#client.connection.call(operation, call)
    return this.dead ? new Promise(() => {}) : answer
  }
  stream(...given: Parameters<Connection['stream']>): ReturnType<Connection['stream']> {
    return this.#client.connection.stream(...given)
  }
  address(): null {
    return null
  }
  async close(): Promise<void> {}
}
