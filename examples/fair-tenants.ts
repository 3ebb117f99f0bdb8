/**
 * One tenant floods a queue with 300 invoices, and then four others want five each: the tenants take turns, so that theirs are written while most of the flood
 * still waits. Without `fair` they would be the last.
 *
 *     mainspring start month-end --follow
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { job } from '@mainspring/sdk'
import { z } from 'zod'

const FLOOD = 300
const SMALL = ['ada', 'grace', 'edsger', 'barbara']
const SMALL_EACH = 5

export const invoice = job(
  'invoice',
  { input: z.object({ tenant: z.string(), number: z.int() }), queue: 'invoices', fair: 'tenant', retention: '1d' },
  async ({ tenant }, ctx) => {
    const begunAt = performance.timeOrigin + performance.now()
    await sleep(20, undefined, { signal: ctx.signal })
    return { tenant, begunAt }
  },
)

export const monthEnd = job('month-end', async (_: null, ctx) => {
  const tenants = [...Array.from({ length: FLOOD }, () => 'big'), ...SMALL.flatMap(tenant => Array.from({ length: SMALL_EACH }, () => tenant))]
  const runs = await ctx.startMany(
    invoice,
    tenants.map((tenant, index) => ({ input: { tenant, number: index + 1 } })),
  )
  const invoices = []
  for (const run of runs) {
    invoices.push(await run.result())
    ctx.progress(invoices.length / runs.length, `${invoices.length} of ${runs.length} invoices`)
  }
  const order = invoices.sort((a, b) => a.begunAt - b.begunAt).map(({ tenant }) => tenant)
  const last = Object.fromEntries(['big', ...SMALL].map(tenant => [tenant, order.lastIndexOf(tenant) + 1]))
  ctx.log.info('the place of the last invoice of each tenant', last)
  return { invoices: order.length, last }
})

export const examples = { 'month-end': null }
