import { schedule } from '@mainspring/sdk'
import { syncInventory } from './inventory.ts'
import { importOrders } from './orders.ts'
import { nightlyReport, reindexSearch } from './reports.ts'
import { backupDatabase, cleanUploads, closeBooks, expireCarts, refreshPrices, rotateTokens, sendDigest, warmCache } from './upkeep.ts'

const BERLIN = 'Europe/Berlin'
/** Orders of a night: three phases of so many lines make the longest log of the day. */
export const ORDERS_OF_NIGHT = 7_200

/** Several dialects, zones and calendars, and four that all mean midnight UTC. */
export const schedulesOf = (ordersOfNight: number) => [
  schedule(
    'nightly-report',
    { cron: '30 2 * * *', timezone: BERLIN, catchup: '6h', description: 'Revenue of the day, for finance at breakfast' },
    nightlyReport,
    { day: '{{nominalDate}}', orders: ordersOfNight },
  ),
  schedule('reindex-search', { every: { every: '10m', anchor: '2026-01-01T00:00:00Z' }, overlap: 'skip', catchup: 'none' }, reindexSearch, null),
  schedule('import-orders', { cron: '0 */3 * * *', timezone: 'Europe/Paris', overlap: 'buffer_one' }, importOrders, {
    file: 'orders-{{nominalLocal}}.csv',
  }),
  schedule(
    'inventory-of-acme',
    { cron: '0 0/30 * * * ?', dialect: 'quartz', catchup: 'latest', tags: { tenant: 'acme' }, description: 'Twice an hour, all of it' },
    syncInventory,
    { tenant: 'acme', full: true },
  ),
  schedule('expire-carts', { every: { every: '30m', anchor: '2026-01-01T00:00:00Z' }, catchup: 'none' }, expireCarts, null),
  schedule('warm-cache', { cron: '*/15 * * * *', timezone: 'Europe/London', catchup: '1h', overlap: 'buffer_all' }, warmCache, null),
  schedule('backup-database', { cron: '@midnight', timezone: 'UTC', catchup: '6h' }, backupDatabase, null),
  schedule('rotate-tokens', { cron: '0 0 * * ? *', dialect: 'aws' }, rotateTokens, null),
  schedule(
    'close-books',
    { cron: '0 0 * * *', timezone: 'UTC', holidays: 'bank', move: 'next-business-day', calendars: { bank: { dates: ['12-25', '12-26', '01-01'] } } },
    closeBooks,
    null,
  ),
  schedule('clean-uploads', { cron: '0 0 * * * *', dialect: 'spring', timezone: 'Europe/Madrid', jitter: '5m' }, cleanUploads, null),
  schedule(
    'refresh-prices',
    {
      cron: '*/30 * * * *',
      timezone: BERLIN,
      blackouts: [{ cron: '0 12 * * *', for: '2h', note: 'no price changes over lunch: the call centre is short of people' }],
    },
    refreshPrices,
    null,
  ),
  schedule('digest-new-york', { cron: '0 9-17 * * *', timezone: 'America/New_York', only: 'business-days' }, sendDigest, null),
  schedule(
    'digest-tokyo',
    { cron: '0 */3 * * *', timezone: 'Asia/Tokyo', except: 'closed', calendars: { closed: { ics: CLOSED_AT_NIGHT() } } },
    sendDigest,
    null,
  ),
  schedule('lights-of-storefront', { solar: { event: 'sunset', latitude: 52.52, longitude: 13.405 }, timezone: BERLIN }, rotateTokens, null),
  schedule(
    'loyalty-points',
    { cron: '*/30 * * * *', timezone: 'Europe/Rome', description: 'Points of the orders since the last time' },
    closeBooks,
    null,
  ),
]

export const schedules = schedulesOf(ORDERS_OF_NIGHT)

/** Every night from 22:00 to 07:00, as a calendar program would export it. */
function CLOSED_AT_NIGHT(): string {
  const event = [
    'BEGIN:VEVENT',
    'UID:closed@shop.example',
    'DTSTART:20260101T220000',
    'DTEND:20260102T070000',
    'RRULE:FREQ=DAILY',
    'SUMMARY:closed',
    'END:VEVENT',
  ]
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//shop//hours//EN', ...event, 'END:VCALENDAR', ''].join('\r\n')
}
