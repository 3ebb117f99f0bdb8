import type { WireDefinitionDetail, WireDefinitionView } from '@mainspring/sdk'
import { pauseText } from './lists.ts'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { distanceText, sourceText, windowText } from './words.ts'

/** `mainspring definition show`. */
export function definitionText(definition: WireDefinitionView | WireDefinitionDetail, { now, paint }: Look): string {
  const { name, kind, version, versions, registeredAt, paused, options, override, set } = definition
  const count = typeof versions === 'number' ? versions : versions.length
  const head = pairs(
    [
      [kind, oneLine(name)],
      ['version', `${oneLine(version)}${count > 1 ? `, the newest of ${count}` : ''}`],
      ['registered', distanceText(registeredAt, now)],
      ['paused', pauseText(paused, now)],
    ],
    paint.dim,
  )
  const changed = new Set(flat(override ?? {}).map(([option]) => option))
  const rows = flat(options)
  if (rows.length === 0) return `${head}\n\nNo options: all as by default.`
  const optionsText = table(
    [
      { title: 'option', value: ([option]) => oneLine(option), widthMax: 40 },
      { title: 'value', value: ([, value]) => oneLine(value), widthMax: 90 },
      {
        title: 'from',
        value: ([option]) => sourceText(changed.has(option) ? (set[option.split('.')[0] as string] ?? null) : null, now),
        widthMax: 60,
      },
    ],
    rows,
  )
  return `${head}\n\n${optionsText}`
}

/** Of these each field has a source of its own. */
const MERGED = new Set(['retry', 'timeout', 'tags'])
const DURATIONS = new Set([
  'initial',
  'maximum',
  'attempt',
  'total',
  'scheduleToStart',
  'heartbeat',
  'expires',
  'retention',
  'every',
  'within',
  'for',
])

function flat(options: object): [option: string, value: string][] {
  return Object.entries(options).flatMap(([name, value]): [string, string][] =>
    MERGED.has(name)
      ? Object.entries(value as object).map(([field, one]) => [`${name}.${field}`, valueText(field, one)])
      : [[name, valueText(name, value)]],
  )
}

/** As JSON, durations as people write them. */
function valueText(name: string, value: unknown): string {
  const written = (field: string, one: unknown): unknown => (typeof one === 'number' && DURATIONS.has(field) ? windowText(one) : one)
  const own = written(name === 'debounce' ? 'for' : name, value)
  return typeof own === 'string' ? own : JSON.stringify(own, name === 'cost' ? undefined : written)
}
