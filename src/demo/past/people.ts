import type { Client, State } from '@mainspring/sdk'
import { newId } from '../../core/ids.ts'
import { remindCart, sendEmail, sendNewsletter } from '../jobs/mail.ts'
import { resizeImage } from '../jobs/media.ts'
import { chargeCard } from '../jobs/payments.ts'
import { exportGdpr } from '../jobs/reports.ts'
import { OUTAGE } from '../shop/gateway.ts'
import { legacySync } from './legacy.ts'
import type { Stage } from './stage.ts'

const NAMESPACE = 'default'
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const DAY_MS = 24 * HOUR_MS

/** A customer who never answers the question of the card's bank. */
const UNANSWERED = { order: 'SO-99017', amount: 219, currency: 'EUR', card: '•••• 0005' }

export interface Deed {
  at: number
  act(): Promise<unknown>
}

/** What people did in the day that ends at `now`, each at its time. What would lie before the day is left out. */
export function deeds(stage: Stage, now: number, scale: number): Deed[] {
  const client = stage.client()
  const before = (hours: number): number => now - hours * HOUR_MS
  const command = (by: string, why: string | null = null) => ({ id: newId(stage.clock.now(), stage.random), by, why })
  const pause = (scope: 'queue' | 'definition', name: string, by: string, note: string) => () =>
    stage.engine.pauses.set({ namespace: NAMESPACE, scope, name }, { by, note })
  const outageAt = lastAt(now, OUTAGE.until) - OUTAGE.until + OUTAGE.from
  const many = (count: number): number[] => Array.from({ length: Math.max(2, Math.round(count * scale)) }, (_, index) => index)
  const deed = (at: number, act: () => Promise<unknown>): Deed => ({ at, act })

  return [
    deed(before(25), () => client.register([legacySync])),
    ...[24.5, 18, 11, 2].map(hours =>
      deed(before(hours), () => client.start(legacySync, { system: 'as400' }, { expires: '12h', tags: { region: 'eu-central' } })),
    ),
    deed(before(21), () =>
      stage.engine.schedules.pause(NAMESPACE, 'loyalty-points', {
        note: 'points were given twice, see SHOP-2291',
        until: null,
        ...command('giulia'),
      }),
    ),

    deed(before(9.6), pause('queue', 'newsletter', 'maria', 'legal wants to see issue 48 before it goes out')),
    deed(before(9.5), () =>
      client.startMany(
        sendNewsletter,
        many(60).map(part => ({ input: { issue: 48, segment: `segment-${part + 1}` }, tags: { issue: '48' } })),
      ),
    ),
    deed(before(8), () =>
      client.batches.bulk({
        operation: 'change',
        where: { queue: 'newsletter' },
        change: { priority: -80 },
        why: 'after everything else',
        name: 'newsletter goes last',
      }),
    ),

    deed(outageAt + 12 * MINUTE_MS, () => client.limits.set('gateway-connections', { concurrency: 2 })),
    deed(outageAt + 40 * MINUTE_MS, () => client.limits.reset('gateway-connections')),
    // Those of the other side of the ocean are parked to this day.
    ...(['eu-central', 'eu-west'] as const).map((region, index) =>
      deed(outageAt + (55 + index) * MINUTE_MS, () =>
        client.batches.bulk({
          operation: 'resume',
          where: { job: 'charge-card', state: 'paused', error: 'did not answer', tags: { region } },
          why: 'paygate is back',
          name: `charges of the outage, ${region}`,
        }),
      ),
    ),
    deed(before(5), () => client.limits.set('mail-provider', { rate: 200, every: '1m' })),

    deed(before(13), () => each(client, 'reindex-search', ['running'], 1, run => run.terminate({ why: 'it reads the old catalogue' }))),
    deed(before(7), () => each(client, 'send-newsletter', ['queued'], 2, run => run.cancel({ why: 'these segments have had it' }))),
    deed(before(12), () => client.start(resizeImage, { image: 'p-77120.jpg', width: 24_300, height: 18_200 }, { tags: { tenant: 'initech' } })),
    deed(before(5.5), () => client.start(chargeCard, UNANSWERED, { key: UNANSWERED.order, priority: 5, tags: { tenant: 'globex' } })),
    ...[2.5, 1.2, 0.4].map((hours, index) =>
      deed(before(hours), () => client.start(exportGdpr, { customer: `C-2041${index}`, archive: 's3://gdpr-archive-eu' })),
    ),
    deed(before(4), () =>
      each(client, 'resize-image', ['failed'], 2, run => run.retry({ input: { image: 'p-77120-small.jpg', width: 8_000, height: 6_000 } })),
    ),
    deed(before(1.6), () =>
      each(client, 'export-gdpr', ['failed'], 1, run => run.retry({ input: { customer: 'C-20417', archive: 's3://gdpr-archive' } })),
    ),
    deed(before(2.2), () =>
      client.batches.bulk({
        operation: 'retry',
        where: { job: 'import-page', error: 'quantity' },
        why: 'the file is corrected',
        name: 'pages with bad rows',
      }),
    ),
    deed(before(10), () =>
      stage.engine.schedules.backfill(NAMESPACE, 'refresh-prices', { from: before(24), until: before(22), maxActive: 2, ...command('oskar') }),
    ),

    // What is meant for tomorrow.
    deed(before(1), () =>
      client.startMany(
        sendEmail,
        many(8).map(part => ({
          input: { to: `vip.${part}@example.org`, template: 'preview-of-sale' },
          priority: 10,
          at: new Date(now + DAY_MS - part * MINUTE_MS),
        })),
      ),
    ),
    deed(before(0.5), () => client.start(remindCart, { cart: 'K-200417', customer: 'ada' }, { delay: '5h', tags: { tenant: 'acme' } })),
    deed(now - 3 * MINUTE_MS, () => stage.engine.schedules.trigger(NAMESPACE, 'reindex-search', command('oskar'))),
    // Fails soon, and waits for its next attempt.
    deed(now - 2 * MINUTE_MS, () =>
      client.start(exportGdpr, { customer: 'C-20419', archive: 's3://gdpr-archive-eu' }, { retry: { attempts: 3, initial: '10m' } }),
    ),
  ]
}

/** The newest runs of a job in one of these states, so many of them. */
async function each(
  client: Client,
  job: string,
  state: State[],
  limit: number,
  act: (run: ReturnType<Client['handle']>) => Promise<unknown>,
): Promise<void> {
  const { runs } = await client.runs.list({ job, state, limit })
  for (const { id } of runs) await act(client.handle(id))
}

/** The last time before `now` at which the clock showed so much of the day, UTC. */
export function lastAt(now: number, ofDay: number): number {
  const today = Math.floor(now / DAY_MS) * DAY_MS + ofDay
  return today <= now ? today : today - DAY_MS
}
