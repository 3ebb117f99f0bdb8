import { job } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'
import { StockConflict } from '../shop/errors.ts'

/** One at a time and in order for each tenant, and the tenants take turns: who has a million items does not keep the others waiting. */
export const syncInventory = job(
  'sync-inventory',
  {
    queue: 'inventory',
    sequence: { per: 'tenant', onFailure: 'skip' },
    fair: { per: 'tenant', weights: { acme: 3 } },
    retry: { attempts: 4, initial: '5s' },
    timeout: { attempt: '10m', heartbeat: '2m' },
    tags: { team: 'supply' },
  },
  async ({ tenant, full = false }: { tenant: string; full?: boolean }, ctx) => {
    const chance = chanceOf(ctx)
    const pages = full ? chance.whole(8, 14) : chance.whole(2, 6)
    let items = 0
    for (let page = 1; page <= pages; page++) {
      await work(chance.tail(600, 6_000), ctx)
      items += chance.whole(80, 100)
      ctx.progress(page / pages, `page ${page} of ${pages}`)
      if (chance.in(0.012))
        throw new StockConflict(`${tenant}: item ${chance.whole(10_000, 99_999)} was changed by warehouse WH-${chance.whole(1, 6)} meanwhile`)
    }
    ctx.log.info(`${tenant}: ${items} items compared, ${chance.whole(0, 40)} changed`, { tenant, full })
    return { tenant, items }
  },
)

export const examples = { 'sync-inventory': { tenant: 'acme' } }
