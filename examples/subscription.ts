/**
 * A subscription: charges, sleeps for a month, and so on for years. A signal changes its plan, or ends it, from the next month on; a card that does not pay is tried
 * again for a week. It costs no worker while it sleeps, and a worker that dies in a charge (`k` in `mainspring dev`) does not charge twice.
 *
 *     mainspring start subscription '{"customer":"ada","plan":"basic","monthMs":10000}'
 *     mainspring signal RUN plan '"pro"'
 *     mainspring query RUN status
 */
import { type StepContext, workflow } from '@mainspring/sdk'
import { z } from 'zod'
import { enter } from './support/book.ts'

const PRICES = { basic: 10, pro: 25, none: 0 }
const Plan = z.enum(['basic', 'pro', 'none'])
const Subscription = z.object({
  customer: z.string(),
  plan: Plan,
  /** Shorter, to see months pass. */
  monthMs: z.number().default(30 * 86_400_000),
  /** What was paid before the history began anew. */
  months: z.number().default(0),
  paid: z.number().default(0),
})
/** After so many months its history begins anew, so that it stays short. */
const MONTHS_KEPT = 12

export const subscription = workflow('subscription', { input: Subscription }, async ({ customer, plan, monthMs, months, paid }, ctx) => {
  ctx.onQuery('status', () => ({ plan, months, paid }))
  for (let kept = 0; plan !== 'none'; kept++) {
    if (kept === MONTHS_KEPT) ctx.continueAs({ customer, plan, monthMs, months, paid })
    const price = PRICES[plan]
    ctx.log.info(`charging month ${months + 1}`, { plan, price })
    const isPaid = await ctx
      .run('charge', step => charge(step, ctx.id, customer, price), { retry: { attempts: 4, initial: '1d', maximum: '4d', jitter: 0.1 } })
      .catch(() => false)
    if (!isPaid) return { months, paid, ended: 'the card does not pay' }
    months++
    paid += price
    ctx.state = { customer, plan, months, paid }
    ctx.log.info(`month ${months} is paid`)

    // A month's sleep. A change wakes it and does not end it; what is no plan changes nothing.
    const until = ctx.now().getTime() + monthMs
    while (ctx.now().getTime() < until) {
      const change = Plan.safeParse(await ctx.waitFor('plan', { timeout: until - ctx.now().getTime() }))
      if (change.success) plan = change.data
    }
  }
  return { months, paid, ended: 'as was wished' }
})

export const examples = { subscription: { customer: 'ada', plan: 'basic', monthMs: 10_000 } }

async function charge(step: StepContext, of: string, customer: string, amount: number): Promise<true> {
  if (customer === 'broke') throw new Error('the card was declined')
  await enter(step, { is: 'charged', of, amount })
  return true
}
