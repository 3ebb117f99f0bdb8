import type { WireBackfillPreview, WireBatchView } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, table } from './table.ts'
import { countText, distanceText, spanText } from './words.ts'
import { zonedText } from './zones.ts'

const WHY = { exists: 'a run is there', completed: 'completed', 'in-flight': 'open', made: 'made' } as const
const SHOWN_MAX = 20

type Backfill = NonNullable<WireBatchView['backfill']>

/** `mainspring backfill ls`. */
export function backfillsTable(batches: readonly WireBatchView[], { paint, now }: Look): string {
  if (batches.length === 0) return 'No backfills.'
  return table(
    [
      { title: 'backfill', value: batch => shortId(batch.id) },
      { title: 'schedule', value: batch => oneLine(batch.name), widthMax: 40 },
      { title: 'state', value: batch => paint.state(batch.state) },
      { title: 'created', value: batch => distanceText(batch.createdAt, now), right: true },
      { title: 'progress', value: progressOf },
    ],
    batches,
  )
}

export function progressOf({ jobs, backfill }: Pick<WireBatchView, 'jobs' | 'backfill'>): string {
  const { total, skipped, refused, maxActive, active } = backfill as Backfill
  const { completed = 0, failed = 0, cancelled = 0 } = jobs ?? {}
  const rest = [
    active.length > 0 && `${active.length} of ${maxActive} open`,
    failed > 0 && `${failed} failed`,
    cancelled > 0 && `${cancelled} cancelled`,
    skipped > 0 && `${skipped} skipped`,
    refused > 0 && `${refused} refused`,
  ].filter(Boolean)
  return [`${completed} of ${countText(total, 'time')} completed`, ...rest].join(', ')
}

/** What a backfill would do. */
export function backfillText({ total, starts, skips, times, estimatedMs, runMs }: WireBackfillPreview, zone: string): string {
  if (total === 0) return 'The schedule has no time in this range.'
  const told = Object.entries(skips).map(([why, count]) => `${count} skipped (${WHY[why as keyof typeof WHY]})`)
  const took = estimatedMs === null || runMs === null ? '' : `\nabout ${spanText(estimatedMs)}: a run usually takes ${spanText(runMs)}`
  const lines = times
    .slice(0, SHOWN_MAX)
    .map(
      ({ at, skipped, run }) =>
        `  ${zonedText(Date.parse(at), zone)}  ${skipped === null ? 'start' : `skip: ${WHY[skipped]}${run === null ? '' : ` (${shortId(run)})`}`}`,
    )
  const more = total > lines.length ? `\n  … and ${total - lines.length} more` : ''
  return `${[`${starts} of ${countText(total, 'time')} would be started`, ...told].join(', ')}${took}\n\n${lines.join('\n')}${more}\nNothing was started.`
}
