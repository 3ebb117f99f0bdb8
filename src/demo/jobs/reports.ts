import { type JobContext, job } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'
import { ExportFailed, HttpError, NoSuchBucket } from '../shop/errors.ts'

const PHASES = ['collect', 'aggregate', 'render'] as const
/** Orders whose lines go into the log between two waits. */
const ORDERS_AT_ONCE = 50

/** Long, with three checkpoints: an attempt that is cut off goes on with the phase that it was in. Writes a line an order. */
export const nightlyReport = job(
  'nightly-report',
  { queue: 'reports', retry: { attempts: 3, initial: '1m' }, timeout: { attempt: '3h', heartbeat: '10m' }, tags: { team: 'finance' } },
  async ({ day, orders }: { day: string; orders: number }, ctx: JobContext<{ done: number }>) => {
    const chance = chanceOf(ctx)
    let revenue = 0
    for (let phase = ctx.checkpoint.value?.done ?? 0; phase < PHASES.length; phase++) {
      const name = PHASES[phase] as string
      ctx.log.info(`phase ${phase + 1} of ${PHASES.length}: ${name}`, { day })
      for (let order = 0; order < orders; order++) {
        const amount = Math.round(chance.tail(900, 60_000)) / 100
        revenue += amount
        const line = `${name} SO-${100_000 + order} ${amount.toFixed(2)} EUR`
        if (chance.in(0.004)) ctx.log.warn(`${line}: no VAT number, taken as consumer`, { order: `SO-${100_000 + order}` })
        else ctx.log.debug(line)
        if (order % ORDERS_AT_ONCE !== 0) continue
        ctx.progress((phase + order / orders) / PHASES.length, `${name}: ${order.toLocaleString('en')} of ${orders.toLocaleString('en')} orders`)
        await work(chance.between(3_000, 5_000), ctx)
      }
      await ctx.checkpoint.save({ done: phase + 1 })
    }
    return { day, orders, revenue: Math.round(revenue * 100) / 100 }
  },
)

/** Takes longer than the ten minutes of its schedule: every other time or so is skipped, and the ledger says why. */
export const reindexSearch = job(
  'reindex-search',
  { queue: 'search', retry: { attempts: 2 }, timeout: { attempt: '1h', heartbeat: '5m' }, tags: { team: 'catalogue' } },
  async (_: null, ctx) => {
    const chance = chanceOf(ctx)
    const shards = 12
    for (let shard = 1; shard <= shards; shard++) {
      await work(chance.between(45_000, 110_000), ctx)
      ctx.progress(shard / shards, `shard ${shard} of ${shards}`)
      if (shard % 4 === 0) ctx.log.info(`${shard} of ${shards} shards`, { documents: shard * chance.whole(8_000, 8_800) })
    }
    return { shards }
  },
)

/** All that is known of a customer, into an archive. Somebody has renamed the bucket of the archive three hours ago. */
export const exportGdpr = job(
  'export-gdpr',
  { queue: 'exports', retry: { attempts: 3, initial: '20s' }, timeout: '10m', onFailure: 'page-oncall', tags: { team: 'privacy' } },
  async ({ customer, archive }: { customer: string; archive: string }, ctx) => {
    const chance = chanceOf(ctx)
    ctx.log.info(`gathering what is known of ${customer}`)
    await work(chance.tail(4_000, 30_000), ctx)
    ctx.progress(0.8, 'uploading')
    if (archive !== 's3://gdpr-archive') {
      const answer = new HttpError(`PUT https://${archive.slice(5)}.s3.eu-central-1.example/${customer}.zip answered 404`)
      const bucket = new NoSuchBucket(`The specified bucket does not exist: ${archive.slice(5)}`, { cause: answer })
      throw new ExportFailed(`the export of ${customer} could not be archived`, { cause: bucket })
    }
    return { customer, file: `${archive}/${customer}.zip`, bytes: chance.whole(40_000, 4_000_000) }
  },
)

/** Told of exports that failed. */
export const pageOncall = job('page-oncall', { queue: 'alerts', priority: 80, retry: { attempts: 10 } }, async (event: unknown, ctx) => {
  await work(400, ctx)
  ctx.log.warn('paged whoever is on call', { event })
  return { paged: 'privacy-oncall' }
})

export const examples = {
  'nightly-report': { day: '2026-03-02', orders: 500 },
  'export-gdpr': { customer: 'C-20417', archive: 's3://gdpr-archive' },
  'reindex-search': null,
}
