import { job } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'

/** What a shop's machines do by the clock. */
const expireCarts = upkeep('expire-carts', 8_000, ['carts older than 48 h', 'reservations released'])
const warmCache = upkeep('warm-cache', 25_000, ['home', 'categories', 'top 500 products'])
const backupDatabase = upkeep('backup-database', 400_000, ['pg_dump orders', 'pg_dump catalogue', 'upload'])
const rotateTokens = upkeep('rotate-tokens', 4_000, ['paygate', 'mail provider', 'warehouse'])
const closeBooks = upkeep('close-books', 60_000, ['ledger', 'VAT', 'deferred revenue'])
const refreshPrices = upkeep('refresh-prices', 40_000, ['exchange rates', 'competitors', 'margins'])
const sendDigest = upkeep('send-digest', 12_000, ['figures', 'render', 'send'])
const cleanUploads = upkeep('clean-uploads', 15_000, ['list', 'delete'])

export { backupDatabase, cleanUploads, closeBooks, expireCarts, refreshPrices, rotateTokens, sendDigest, warmCache }

function upkeep(name: string, ms: number, steps: readonly string[]) {
  return job(name, { queue: 'upkeep', retry: { attempts: 3, initial: '30s' }, timeout: '30m', tags: { team: 'platform' } }, async (_: null, ctx) => {
    const chance = chanceOf(ctx)
    for (const step of steps) {
      await work((ms / steps.length) * chance.between(0.7, 1.5), ctx)
      ctx.log.info(step, { seconds: Math.round(ms / 1_000) })
    }
    return { steps: steps.length }
  })
}
