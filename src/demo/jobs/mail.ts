import { job, RateLimited } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'
import { gaveUp, MailboxUnavailable } from '../shop/errors.ts'

export interface Email {
  to: string
  template: string
  order?: string
}

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`
const green = (text: string): string => `\u001b[32m${text}\u001b[0m`
const yellow = (text: string): string => `\u001b[33m${text}\u001b[0m`
const cyan = (text: string): string => `\u001b[36m${text}\u001b[0m`

/** The most frequent job. When the provider says 429 the whole rate waits for as long as it asks, and no run loses an attempt. */
export const sendEmail = job(
  'send-email',
  {
    queue: 'mail',
    limits: [{ name: 'mail-provider', rate: 300, every: '1m' }],
    retry: { attempts: 5, initial: '10s' },
    timeout: '1m',
    tags: { team: 'crm' },
  },
  async ({ to, template }: Email, ctx) => {
    const chance = chanceOf(ctx)
    ctx.log.info(`${cyan('render')} ${template} ${dim(`(${chance.whole(9, 60)} kB)`)}`)
    await work(chance.tail(40, 900), ctx)
    if (chance.in(0.006)) {
      ctx.log.warn(`${yellow('429')} the provider asks for a pause ${dim('retry-after: 45')}`)
      throw new RateLimited({ retryAfter: '45s' })
    }
    if (chance.in(0.004)) throw gaveUp(new MailboxUnavailable(`550 5.1.1 <${to}>: recipient address rejected: user unknown`))
    if (chance.in(0.01)) throw Object.assign(new Error('connect ECONNREFUSED 198.51.100.7:587'), { code: 'ECONNREFUSED' })
    ctx.log.info(`${green('250')} accepted for ${to}`, { messageId: `<${ctx.run}@mail.shop.example>` })
    return { accepted: [to] }
  },
)

/** Its queue is paused by a person in the day that is played. */
export const sendNewsletter = job(
  'send-newsletter',
  { queue: 'newsletter', priority: -50, retry: { attempts: 3 }, tags: { team: 'crm' } },
  async ({ issue, segment }: { issue: number; segment: string }, ctx) => {
    for (let part = 1; part <= 10; part++) {
      await work(2_000, ctx)
      ctx.progress(part / 10, `${part * 100} of 1,000 recipients`)
    }
    return { issue, segment, recipients: 1_000 }
  },
)

/** Due hours after the cart was left, and mostly cancelled before that, since it was checked out. */
export const remindCart = job(
  'remind-cart',
  { queue: 'mail', priority: -10, retention: '2d', tags: { team: 'crm' } },
  async ({ cart }: { cart: string; customer: string }, ctx) => {
    await work(chanceOf(ctx).tail(200, 1_500), ctx)
    ctx.log.info(`reminded of ${cart}`)
    return { cart, sent: true }
  },
)

export const examples = { 'send-email': { to: 'ada@example.org', template: 'order-confirmation' } }
