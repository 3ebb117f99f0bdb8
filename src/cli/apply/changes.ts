import type { WireApplied, WireChange } from '@mainspring/sdk'
import { oneLine } from '../output/table.ts'
import { countText, type Paint } from '../output/words.ts'
import type { Item } from './item.ts'

const SIGNS = { created: '+', edited: '~', deleted: '-', kept: '=', unchanged: '=' } as const

/** What a call changed, or would: created, edited with each field, deleted; what stays the same is counted. */
export function changesText({ applied, changes }: WireApplied, itemOf: (change: WireChange) => Item | undefined, paint: Paint): string {
  const told = changes.filter(({ change }) => change !== 'unchanged')
  const lines = told.flatMap(change => [headText(change, itemOf(change), paint), ...fieldLines(change)])
  return [...lines, summaryText(changes, applied)].join('\n')
}

function headText({ kind, name, change }: WireChange, item: Item | undefined, paint: Paint): string {
  const text = kind === 'dag' ? tasksText : kind === 'limit' ? sizeText : timesText
  const summary = change === 'created' && item ? `  ${paint.dim(text(item.value))}` : ''
  return `${SIGNS[change]} ${kind} ${JSON.stringify(oneLine(name))}${summary}`.trimEnd()
}

function fieldLines({ change, fields }: WireChange): string[] {
  if (change !== 'edited') return []
  return fields.map(({ field, from, to }) => `    ${oneLine(field)}: ${valueText(from)} → ${valueText(to)}`)
}

/** When, where, and what, as the file has it. */
function timesText(value: Readonly<Record<string, unknown>>): string {
  const times = ['cron', 'every', 'at', 'solar'].filter(source => value[source] !== undefined).map(source => valueText(value[source]))
  const zone = typeof value.timezone === 'string' ? ` ${oneLine(value.timezone)}` : ''
  return `${times.join(' and ')}${zone}${typeof value.target === 'string' ? ` → ${oneLine(value.target)}` : ''}`
}

function tasksText({ tasks }: Readonly<Record<string, unknown>>): string {
  return countText(Object.keys(tasks ?? {}).length, 'task')
}

/** How many, of what. */
function sizeText({ concurrency, rate, every, per }: Readonly<Record<string, unknown>>): string {
  const size = rate === undefined ? `${concurrency} at once` : `${rate} per ${oneLine(String(every))}`
  return typeof per === 'string' ? `${size}, each ${oneLine(per)}` : size
}

const VALUE_MAX = 72

function valueText(value: unknown): string {
  if (value === undefined) return 'none'
  const text = oneLine(JSON.stringify(value))
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX - 1)}…`
}

function summaryText(changes: readonly WireChange[], applied: boolean): string {
  const counts = (['created', 'edited', 'deleted', 'kept', 'unchanged'] as const)
    .map(kind => ({ kind, count: changes.filter(({ change }) => change === kind).length }))
    .filter(({ count }) => count > 0)
  const text = counts.map(({ kind, count }) => `${count.toLocaleString('en-US')} ${kind}`).join(', ')
  if (changes.every(({ change }) => change === 'unchanged'))
    return `Nothing to do: ${countText(changes.length, 'entry').replace('entrys', 'entries')} unchanged.`
  return applied ? `${text}.` : `It would be: ${text}. Nothing was changed (--dry-run).`
}
