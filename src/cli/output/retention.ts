import type { WireCollectable, WireCollected, WireRetention } from '@mainspring/sdk'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { countText, sourceText, spanText } from './words.ts'

const DAY_MS = 86_400_000
/** Ages of closed runs, in days, as columns: up to a day, a week, a month, and older. */
const AGES = [1, 7, 30, Number.POSITIVE_INFINITY]
const TITLES = ['to 1d', 'to 7d', 'to 30d', 'older']

/** `mainspring gc --dry-run`. */
export function collectableText({ days, more }: WireCollectable, { now }: Look): string {
  if (days.length === 0) return 'Nothing would go: no retention is over.'
  const groups = [...Map.groupBy(days, ({ namespace, kind, definition }) => JSON.stringify([namespace, kind, definition])).values()]
  const rows = groups.map(group => {
    const ages = AGES.map(() => 0)
    for (const { day, runs } of group) {
      const age = (now - Date.parse(day)) / DAY_MS
      const column = AGES.findIndex(most => age < most + 1)
      ages[column] = (ages[column] as number) + runs
    }
    const [first] = group as [WireCollectable['days'][number], ...WireCollectable['days']]
    return { ...first, ages, runs: ages.reduce((sum, runs) => sum + runs, 0) }
  })
  const shown = table(
    [
      { title: 'namespace', value: row => oneLine(row.namespace), widthMax: 40 },
      { title: 'definition', value: row => oneLine(row.kind === 'job' ? row.definition : `${row.kind} ${row.definition}`), widthMax: 60 },
      { title: 'runs', value: row => String(row.runs), right: true },
      ...TITLES.map((title, column) => ({ title, value: (row: (typeof rows)[number]) => String(row.ages[column] || '-'), right: true as const })),
    ],
    rows,
  )
  const all = countText(
    rows.reduce((sum, { runs }) => sum + runs, 0),
    'closed run',
  )
  return `${shown}\n\n${more ? 'at least ' : ''}${all} would go: mainspring gc`
}

/** `mainspring gc`. */
export function collectedText({ runs, keys, lines }: WireCollected): string {
  return `dropped ${countText(runs, 'closed run')}, ${countText(keys, 'key')} and ${countText(lines, 'line')} of ledgers.`
}

/** `mainspring retention show`. */
export function retentionText({ runs, ledger, set }: WireRetention, { now }: Look): string {
  const from = set === null ? 'default' : sourceText(set, now)
  return pairs([
    ['runs', `${spanText(runs)} after they closed, unless their options say otherwise`],
    ['ledger', `${spanText(ledger)}, and the last 1,000 lines of each schedule`],
    ['set', from],
  ])
}
