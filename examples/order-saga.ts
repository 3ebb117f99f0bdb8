/**
 * An order as a saga: reserve, charge, have a person approve what is dear, ship; and undo what was done when one of these fails.
 * Kill the worker in any step (`k` in `mainspring dev`): what was done is not done again, and what was begun is.
 *
 *     mainspring start order '{"item":"lamp","price":480}'
 *     mainspring signal RUN approval '{"approved":true,"by":"ana"}'
 */
import { Abort, type StepContext, workflow } from '@mainspring/sdk'
import { z } from 'zod'
import { enter, entries } from './support/book.ts'

const Order = z.object({ item: z.string(), price: z.number().positive() })
const Approval = z.object({ approved: z.boolean(), by: z.string() })
/** What costs more is looked at by a person. */
const PRICE_UNSEEN_MAX = 100

export const order = workflow('order', { input: Order }, async ({ item, price }, ctx) => {
  const show = (stage: string): void => {
    ctx.state = { item, price, stage }
    ctx.log.info(stage)
  }
  // What undoes a step is said before the step: one that fails may have happened all the same.
  show('reserving')
  ctx.compensate('release', step => undo(step, ctx.id, 'reserved', 'released'))
  await ctx.run('reserve', step => enter(step, { is: 'reserved', of: ctx.id }))

  show('charging')
  ctx.compensate('refund', step => undo(step, ctx.id, 'charged', 'refunded'))
  await ctx.run('charge', step => enter(step, { is: 'charged', of: ctx.id, amount: price }), { retry: { attempts: 3 }, timeout: '10s' })

  if (price > PRICE_UNSEEN_MAX) {
    show('waiting for approval')
    const answer = await ctx.waitFor('approval', { timeout: '7d', input: Approval })
    if (answer === undefined) throw new Abort('nobody approved it within 7 days')
    if (!answer.approved) throw new Abort(`${answer.by} did not approve it`)
  }

  show('shipping')
  const parcel = await ctx.run('ship', step => ship(step, ctx.id, item))
  show('shipped')
  return { parcel, charged: price }
})

export const examples = { order: { item: 'lamp', price: 480 } }

async function ship(step: StepContext, of: string, item: string): Promise<string> {
  if (item === 'piano') throw new Abort('no lorry takes a piano')
  return (await enter(step, { is: 'shipped', of })).key
}

/** What has not been done needs no undoing. */
async function undo(step: StepContext, of: string, done: string, is: string): Promise<void> {
  const entry = entries(of).find(one => one.is === done)
  if (entry !== undefined) await enter(step, { is, of, ...(entry.amount !== undefined && { amount: entry.amount }) })
}
