import type { BulkOperation, WireBatchView, WireBulkPreview } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { progressOf as backfillProgress } from './backfills.ts'
import { type Look, runsTable, tagsText, valueText } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { countText, distanceText, momentText } from './words.ts'

/** `mainspring batch ls`. */
export function batchesTable(batches: readonly WireBatchView[], { paint, now }: Look): string {
  if (batches.length === 0) return 'No batches.'
  return table(
    [
      { title: 'batch', value: batch => shortId(batch.id) },
      { title: 'name', value: batch => oneLine(batch.name), widthMax: 40 },
      { title: 'state', value: batch => paint.state(batch.state) },
      { title: 'created', value: batch => distanceText(batch.createdAt, now), right: true },
      { title: 'progress', value: progressOf },
    ],
    batches,
  )
}

function progressOf({ jobs, bulk, reason, backfill }: WireBatchView): string {
  if (backfill) return backfillProgress({ jobs, backfill })
  if (jobs !== null) return `${jobsText(jobs)}${reason === 'open' ? ', takes more' : ''}`
  return bulk === null ? '-' : `${bulk.operation}: ${doneText(bulk)}`
}

function jobsText({ total, open, completed, failed, cancelled }: NonNullable<WireBatchView['jobs']>): string {
  const rest = [open > 0 && `${open} open`, failed > 0 && `${failed} failed`, cancelled > 0 && `${cancelled} cancelled`].filter(Boolean)
  return [`${completed} of ${countText(total, 'job')} completed`, ...rest].join(', ')
}

function doneText({ matched, done, skipped, refused }: NonNullable<WireBatchView['bulk']>): string {
  const rest = [skipped > 0 && `${skipped} no longer matched`, refused > 0 && `${refused} refused`].filter(Boolean)
  return [`${done} of ${countText(matched, 'run')} done`, ...rest].join(', ')
}

/** `mainspring batch show`. */
export function batchPage(batch: WireBatchView, { paint, now }: Look): string {
  const { jobs, bulk, backfill } = batch
  const entries: [string, string][] = [
    ['id', batch.id],
    ['state', `${paint.state(batch.state)}${batch.reason ? ` (${batch.reason})` : ''}`],
    [
      'created',
      `${momentText(batch.createdAt, now)} (${distanceText(batch.createdAt, now)})${batch.parent ? ` by batch ${shortId(batch.parent)}` : ''}`,
    ],
  ]
  if (batch.closedAt) entries.push(['closed', momentText(batch.closedAt, now)])
  if (batch.tags) entries.push(['tags', tagsText(batch.tags)])
  if (backfill) {
    const { from, to, order, reprocess, refusals } = backfill
    entries.push(['times', `${momentText(from, now)} to ${momentText(to, now)}, ${order}, reprocess ${reprocess}`])
    entries.push(['progress', backfillProgress(batch)])
    for (const { at, code } of refusals) entries.push(['refused', `${momentText(at, now)} ${code}`])
  }
  if (jobs !== null) {
    entries.push(['jobs', jobsText(jobs)])
    for (const { callback, run, refused } of jobs.callbacks)
      entries.push([callback, refused === null ? `run ${shortId(run)}` : `refused: ${refused}`])
    if (jobs.failedRuns.length > 0) entries.push(['failed', `${jobs.failedRuns.slice(0, 10).map(shortId).join(' ')}${jobs.failed > 10 ? ' …' : ''}`])
    if (jobs.open + jobs.failed > 0) entries.push(['see', `mainspring list --batch ${shortId(batch.id)}`])
  }
  if (bulk !== null) {
    entries.push(['where', valueText(bulk.filter)])
    if (bulk.change) entries.push(['change', valueText(bulk.change)])
    if (bulk.why) entries.push(['why', `${oneLine(bulk.why)}${bulk.by ? ` (${oneLine(bulk.by)})` : ''}`])
    entries.push(['runs', doneText(bulk)])
    for (const { run, code } of bulk.refusals) entries.push(['refused', `${shortId(run)} ${code}`])
  }
  return [`${paint.bold(oneLine(batch.name))} ${shortId(batch.id)}`, '', pairs(entries, paint.dim)].join('\n')
}

/** What an operation would touch. */
export function previewText(operation: BulkOperation, { matched, more, byState, runs }: WireBulkPreview, look: Look): string {
  if (matched === 0) return `No run matches: there is nothing to ${operation}.`
  const states = Object.entries(byState).map(([state, count]) => `${count} ${look.paint.state(state as 'queued')}`)
  const shown = runs.length < matched ? `\n… and ${matched - runs.length}${more ? ' or more' : ''} others` : ''
  return `${operation}: ${countText(matched, 'run')}${more ? ' or more' : ''} (${states.join(', ')})\n\n${runsTable(runs, look)}${shown}`
}

export function bulkText(batch: WireBatchView): string {
  const bulk = batch.bulk as NonNullable<WireBatchView['bulk']>
  const refused = bulk.refusals.map(({ run, code }) => `\n  ${shortId(run)} ${code}`).join('')
  return `${batch.state === 'completed' ? '' : `${batch.state}: `}${bulk.operation}: ${doneText(bulk)} (batch ${shortId(batch.id)})${refused}`
}
