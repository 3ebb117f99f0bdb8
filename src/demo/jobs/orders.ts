import { type BatchCallbackInput, batch, job } from '@mainspring/sdk'
import { chanceOf, fateOf, work } from '../pace.ts'
import { RowRejected } from '../shop/errors.ts'

const MARKETS = ['de', 'fr', 'nordics'] as const
const PAGES_EACH = 3

/** The marketplace's orders: a batch of a batch for each market, and once all have ended a callback that sums up. */
export const importOrders = job('import-orders', { queue: 'import', tags: { team: 'orders' } }, async ({ file }: { file: string }, ctx) => {
  const all = batch({ name: `orders ${file}`, onComplete: [importSummary, { file }] })
  for (const market of MARKETS)
    all.add(
      batch({ name: market }).add(
        importPage,
        Array.from({ length: PAGES_EACH }, (_, page) => ({ input: { file, market, page }, tags: { market } })),
      ),
    )
  const started = await all.start({ key: ctx.taskKey }) // a retry of this handler finds the same batch
  ctx.log.info(`${file}: ${MARKETS.length * PAGES_EACH} pages in ${MARKETS.length} markets`, { batch: started.id })
  return { batch: started.id }
})

export const importPage = job(
  'import-page',
  { queue: 'import', retry: { attempts: 3, initial: '10s' } },
  async ({ file, market, page }: { file: string; market: string; page: number }, ctx) => {
    const chance = chanceOf(ctx)
    for (let part = 1; part <= 4; part++) {
      await work(chance.tail(800, 9_000), ctx)
      ctx.progress(part / 4, `${part * 250} of 1,000 rows`)
    }
    if (fateOf(ctx).in(0.06)) throw new RowRejected(`${file} row ${page * 1_000 + chance.whole(1, 999)}: "quantity" is "1O", not a number`)
    return { market, page, rows: 1_000 }
  },
)

export const importSummary = job('import-summary', { queue: 'import' }, async ({ batch: done, input }: BatchCallbackInput<{ file: string }>, ctx) => {
  await work(800, ctx)
  ctx.log.info(`${input.file}: ${done.completed} of ${done.total} pages`, { failed: done.failed })
  return { file: input.file, pages: done.completed }
})

export const examples = { 'import-orders': { file: 'orders-1700.csv' } }
