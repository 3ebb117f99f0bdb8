import type { Client, Clock } from '@mainspring/sdk'
import { syncInventory } from './jobs/inventory.ts'
import { remindCart, sendEmail } from './jobs/mail.ts'
import { resizeImage } from './jobs/media.ts'
import { chargeCard, flakyWebhook } from './jobs/payments.ts'
import { exportGdpr } from './jobs/reports.ts'
import { Chance } from './pace.ts'
import { rhythm } from './rhythm.ts'

const HOUR_MS = 3_600_000
const ORDER_EVERY_MS = 10_000
const TENANTS = ['acme', 'globex', 'initech', 'umbrella'] as const
const REGIONS = ['eu-central', 'eu-west', 'us-east'] as const
const PARTNERS = ['northwind', 'contoso', 'tailspin', 'fabrikam'] as const
const NAMES = ['ada', 'grace', 'edsger', 'barbara', 'alan', 'margaret', 'donald', 'radia', 'ken', 'frances'] as const
const TEMPLATES = ['order-confirmation', 'shipping-notice', 'invoice', 'welcome', 'review-request'] as const

export interface TrafficOptions {
  client: Client
  clock: Clock
  random: () => number
  /** 1: what a shop of some size has. */
  scale: number
  /** From then on the archive of the exports has a name that does not exist. */
  renamedAt: number
  /** Never quieter than this share of the busiest hour. Default 0. */
  shareLeast?: number
}

/** What customers and colleagues start, at the rhythm of the day, by the clock that it is given. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #chance: Chance
  readonly #cancels = new Set<() => void>()
  /** Counts on from the time at which it begins, faster than a shop sells: no number comes twice. */
  #order: number
  #stopped = false

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#chance = new Chance(options.random)
    this.#order = Math.floor(options.clock.now() / ORDER_EVERY_MS) % 10_000_000
  }

  begin(): void {
    for (const flow of this.#flows) this.#next(flow)
  }

  end(): void {
    this.#stopped = true
    for (const cancel of this.#cancels) cancel()
  }

  /** By the busiest hour's count of starts. The waits between them are exponential, as with people who know nothing of each other. */
  readonly #flows: readonly Flow[] = [
    { perHour: 200, start: () => this.#email() },
    { perHour: 70, start: () => this.#charge() },
    { perHour: 36, start: () => this.#resize() },
    { perHour: 36, start: () => this.#webhook() },
    { perHour: 15, start: () => this.#sync() },
    { perHour: 15, start: () => this.#remind() },
    { perHour: 5, start: () => this.#export() },
  ]

  #next(flow: Flow): void {
    const { clock, scale, shareLeast = 0 } = this.#options
    const perMs = (flow.perHour * scale * Math.max(shareLeast, rhythm(clock.now()))) / HOUR_MS
    this.#after(Math.min(-Math.log(1 - this.#chance.random()) / perMs, HOUR_MS), () => {
      // A server that is down is met by customers too: what they wanted is not started.
      flow.start().catch(() => {})
      this.#next(flow)
    })
  }

  #after(ms: number, call: () => void): void {
    if (this.#stopped) return
    const cancel = this.#options.clock.after(ms, () => {
      this.#cancels.delete(cancel)
      call()
    })
    this.#cancels.add(cancel)
  }

  async #email(): Promise<void> {
    const { client } = this.#options
    const chance = this.#chance
    const to = `${chance.pick(NAMES)}.${chance.whole(100, 999)}@example.org`
    const tags = this.#tags()
    if (chance.in(0.1)) await client.start(sendEmail, { to, template: 'password-reset' }, { priority: 50, expires: '2m', tags })
    else await client.start(sendEmail, { to, template: chance.pick(TEMPLATES) }, { tags })
  }

  async #charge(): Promise<void> {
    const chance = this.#chance
    const order = `SO-${this.#order++}`
    const card = chance.in(0.004) ? '•••• 0005' : `•••• ${chance.whole(1_000, 9_999)}`
    const charge = { order, amount: Math.round(chance.tail(900, 90_000)) / 100, currency: chance.pick(['EUR', 'EUR', 'EUR', 'SEK', 'PLN']), card }
    await this.#options.client.start(chargeCard, charge, { key: order, tags: this.#tags(), metadata: { order, cart: `K-${chance.whole(1e5, 1e6)}` } })
  }

  async #resize(): Promise<void> {
    const chance = this.#chance
    const size = chance.in(0.008) ? { width: 24_300, height: 18_200 } : { width: chance.whole(1_200, 9_000), height: chance.whole(900, 6_000) }
    await this.#options.client.start(resizeImage, { image: `p-${chance.whole(10_000, 99_999)}.jpg`, ...size }, { tags: this.#tags() })
  }

  async #webhook(): Promise<void> {
    const chance = this.#chance
    const order = `SO-${this.#order - chance.whole(1, 300)}`
    const event = chance.pick(['order.paid', 'order.shipped', 'order.returned'])
    await this.#options.client.start(flakyWebhook, { partner: chance.pick(PARTNERS), order, event }, { tags: this.#tags(), metadata: { order } })
  }

  async #sync(): Promise<void> {
    const tenant = this.#chance.pick(TENANTS)
    await this.#options.client.start(syncInventory, { tenant }, { tags: { tenant, region: this.#chance.pick(REGIONS) } })
  }

  /** Two of three carts are checked out after all, and their reminder is cancelled. */
  async #remind(): Promise<void> {
    const chance = this.#chance
    const cart = `K-${chance.whole(1e5, 1e6)}`
    const run = await this.#options.client.start(remindCart, { cart, customer: chance.pick(NAMES) }, { delay: '3h', tags: this.#tags() })
    if (chance.in(0.66)) this.#after(chance.between(2, 170) * 60_000, () => void run.cancel({ why: `${cart} was checked out` }).catch(() => {}))
  }

  async #export(): Promise<void> {
    const { client, clock, renamedAt } = this.#options
    const archive = clock.now() < renamedAt ? 's3://gdpr-archive' : 's3://gdpr-archive-eu'
    await client.start(exportGdpr, { customer: `C-${this.#chance.whole(10_000, 99_999)}`, archive }, { tags: this.#tags() })
  }

  #tags(): Record<string, string> {
    return { tenant: this.#chance.pick(TENANTS), region: this.#chance.pick(REGIONS) }
  }
}

interface Flow {
  perHour: number
  start(): Promise<void>
}
