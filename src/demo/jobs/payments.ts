import { job } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'
import { ChallengeExpired, WebhookFailed } from '../shop/errors.ts'
import { ask } from '../shop/gateway.ts'

export interface Charge {
  order: string
  amount: number
  currency: string
  card: string
}

/** A few at a time and so many a second, whatever the number of workers. What the gateway never took is parked for a person: no charge is lost, none made twice. */
export const chargeCard = job(
  'charge-card',
  {
    queue: 'payments',
    limits: [
      { name: 'gateway-rate', rate: 20, every: '1s' },
      { name: 'gateway-connections', concurrency: 5 },
    ],
    retry: { attempts: 4, initial: '20s', factor: 3, maximum: '5m' },
    exhausted: 'park',
    timeout: '30s',
    tags: { team: 'payments' },
  },
  async ({ order, amount, currency, card }: Charge, ctx) => {
    const chance = chanceOf(ctx)
    ctx.log.info(`charging ${amount.toFixed(2)} ${currency} to ${card}`, { order, idempotencyKey: ctx.taskKey })
    await ask('/v2/authorisations', chance, ctx)
    if (card.endsWith('0005')) throw new ChallengeExpired(`the 3-D Secure challenge for order ${order} was not answered within 300 s`)
    if (chance.in(0.02)) {
      ctx.log.warn(`${card} was declined: insufficient_funds`, { order })
      return { declined: 'insufficient_funds' }
    }
    const authorisation = `auth_${Math.floor(chance.between(1e9, 9e9)).toString(36)}`
    ctx.log.info('authorised', { authorisation })
    await ask(`/v2/authorisations/${authorisation}/capture`, chance, ctx)
    ctx.log.info(`captured ${amount.toFixed(2)} ${currency}`, { authorisation })
    return { authorisation, captured: amount, currency }
  },
)

/** Partners whose servers answer 503 about every third time. */
export const flakyWebhook = job(
  'flaky-webhook',
  { queue: 'webhooks', retry: { attempts: 6, initial: '5s', maximum: '2m' }, timeout: '15s', tags: { team: 'partners' } },
  async ({ partner, order, event }: { partner: string; order: string; event: string }, ctx) => {
    const chance = chanceOf(ctx)
    const url = `https://hooks.${partner}.example/orders`
    ctx.log.debug(`POST ${url}`, { event, attempt: ctx.attempt })
    await work(chance.tail(80, 4_000), ctx)
    if (chance.in(0.3)) throw new WebhookFailed(`POST ${url} answered 503 Service Unavailable`)
    ctx.log.info(`${partner} took ${event} of ${order}`, { status: 204 })
    return { status: 204 }
  },
)

export const examples = {
  'charge-card': { order: 'SO-104711', amount: 49.9, currency: 'EUR', card: '•••• 4242' },
  'flaky-webhook': { partner: 'northwind', order: 'SO-104711', event: 'order.shipped' },
}
