import type { WireLimit, WireLimitDetail, WireLimitTarget } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { countText, distanceText, sourceText, windowText } from './words.ts'

/** `mainspring limits ls`. */
export function limitsTable(limits: readonly WireLimit[], now: number): string {
  if (limits.length === 0) return 'No limits: no code has any, and nobody has set one (mainspring limits set --help).'
  return table(
    [
      { title: 'name', value: limit => oneLine(limit.name), widthMax: 40 },
      { title: 'on', value: limit => oneLine(targetText(limit.on)), widthMax: 40 },
      { title: 'per', value: limit => oneLine(limit.per ?? '-'), widthMax: 40 },
      { title: 'max', value: sizeText, right: true },
      { title: 'used', value: limit => String(limit.used), right: true },
      { title: 'waiting', value: limit => String(limit.waiting), right: true },
      { title: 'from', value: limit => fromText(limit, now), widthMax: 80 },
    ],
    limits,
  )
}

/** `mainspring limits show`. */
export function limitText(limit: WireLimitDetail, { now, paint }: Look): string {
  const head = pairs(
    [
      ['limit', oneLine(limit.name)],
      ['on', oneLine(targetText(limit.on))],
      ...(limit.per === null ? [] : [['per', oneLine(limit.per)] as const]),
      ['max', sizeText(limit)],
      ['used', `${limit.used}${limit.per === null ? '' : ` by ${countText(limit.keys, 'key')}`}`],
      ['from', fromText(limit, now)],
    ],
    paint.dim,
  )
  if (limit.byKey.length === 0) return head
  const keys = table(
    [
      { title: 'key', value: ({ key }) => oneLine(key) || '-', widthMax: 60 },
      { title: 'used', value: ({ used }) => String(used), right: true },
      { title: 'waiting', value: ({ waiting }) => String(waiting), right: true },
      ...(limit.every === undefined ? [] : [{ title: 'next token', value: (one: Key) => (one.nextAt ? distanceText(one.nextAt, now) : 'now') }]),
      { title: 'held by', value: ({ holders }) => holdersText(holders, now) },
    ],
    limit.byKey,
  )
  return `${head}\n\n${keys}`
}

type Key = WireLimitDetail['byKey'][number]
const HOLDERS_SHOWN = 5

function holdersText(holders: Key['holders'], now: number): string {
  if (holders.length === 0) return '-'
  const shown = holders.slice(0, HOLDERS_SHOWN).map(({ run, weight, since }) => {
    const units = weight === 1 ? '' : ` × ${weight}`
    return `${shortId(run)}${units} (${distanceText(since, now)})`
  })
  return [...shown, ...(holders.length > HOLDERS_SHOWN ? [`and ${holders.length - HOLDERS_SHOWN} more`] : [])].join(', ')
}

function targetText(on: WireLimitTarget): string {
  if (typeof on === 'string') return on
  return 'queue' in on ? `queue ${on.queue}` : `definition ${on.definition}`
}

function sizeText({ concurrency, rate, every }: { concurrency?: number; rate?: number; every?: number }): string {
  return rate === undefined || every === undefined ? String(concurrency) : `${rate} per ${windowText(every)}`
}

function fromText({ set, declared }: WireLimit, now: number): string {
  return `${sourceText(set, now)}${declared === null ? '' : ` (code: ${sizeText(declared)})`}`
}
