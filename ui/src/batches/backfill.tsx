import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RunState } from '../api/client.ts'
import type { Batch } from '../api/work.ts'
import { countText } from '../format/number.ts'
import { backfillParts, SKIPPED } from '../parts/backfill.ts'
import { LINK } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { RunLink } from '../parts/run-link.tsx'
import type { Column } from '../parts/table-columns.tsx'
import { Time } from '../parts/time.tsx'
import { Members } from './jobs.tsx'
import type { Backfill, Jobs } from './words.ts'

type Skip = Backfill['skips'][number]
type Refused = Backfill['refusals'][number]
const AT = { id: 'at', header: 'Time', width: '140px', cell: ({ at }: { at: string }) => <Time at={at} as="short" /> } as const
const SKIPS: readonly Column<Skip>[] = [
  AT,
  { id: 'why', header: 'Skipped because', cell: ({ why }) => SKIPPED[why] ?? why },
  { id: 'run', header: 'Run', width: '80px', cell: ({ run }) => run !== null && <RunLink run={run} /> },
]
const REFUSALS: readonly Column<Refused>[] = [AT, { id: 'code', header: 'Refused because', cell: ({ code }) => <code>{code}</code> }]

const REPROCESS: Readonly<Record<Backfill['reprocess'], string>> = {
  none: 'left alone',
  failed: 'started again unless completed',
  completed: 'started again',
}

interface BackfillBatchProps {
  namespace: string
  batch: Batch
  jobs: Jobs
  backfill: Backfill
}

/** Times of a schedule that are started again: how far it is, what became of its runs, and which times it left out. */
export function BackfillBatch({ namespace, batch, jobs, backfill }: BackfillBatchProps) {
  const { total, active, maxActive, skipped, skips, refused, refusals } = backfill
  const runs = (state?: RunState[]) => ({ to: '/runs' as const, search: { batch: batch.id, ...(state && { state }) } })
  const left = backfillParts(batch, backfill).find(({ state }) => state === 'open')?.count ?? 0
  return (
    <>
      <Figures>
        <Figure label="Times" value={<Count of={total} compact />} note="in the range" link={runs()} />
        <Figure
          label="Completed"
          value={<Count of={jobs.completed} compact />}
          link={runs(['completed'])}
          note={`of ${countText(jobs.total)} started`}
        />
        <Figure
          label="Failed"
          value={<Count of={jobs.failed} compact />}
          note={jobs.failed === 0 ? 'none' : 'see them below'}
          tone={jobs.failed > 0 ? 'bad' : undefined}
          link={runs(['failed', 'timed_out'])}
        />
        <Figure
          label="Open"
          value={<Count of={active.length} compact />}
          note={`${countText(maxActive)} at a time`}
          link={runs(['scheduled', 'queued', 'running', 'waiting', 'paused'])}
        />
        <Figure label="Skipped" value={<Count of={skipped} compact />} note="a run was there" />
        {refused > 0 && <Figure label="Refused" value={<Count of={refused} compact />} note="see why below" tone="bad" />}
        <Figure label="To come" value={<Count of={left} compact />} note={left === 0 ? 'it has been through all' : 'one after the other'} />
      </Figures>
      <Panel title="What it starts">
        <Facts facts={factsOf(backfill)} />
      </Panel>
      <Members namespace={namespace} batch={batch} jobs={jobs} />
      {skips.length > 0 && (
        <Panel title="Skipped" padded={false} aside={skipped > skips.length && `the first ${countText(skips.length)} of ${countText(skipped)}`}>
          <Rows label="Times that were skipped" columns={SKIPS} rows={skips} rowKey={({ at }) => at} />
        </Panel>
      )}
      {refusals.length > 0 && (
        <Panel title="Refused" padded={false} aside={refused > refusals.length && `the first ${countText(refusals.length)} of ${countText(refused)}`}>
          <Rows label="Times that were refused" columns={REFUSALS} rows={refusals} rowKey={({ at }) => at} />
        </Panel>
      )}
    </>
  )
}

function factsOf({ schedule, from, to, order, reprocess, through, by }: Backfill): [string, ReactNode][] {
  return [
    [
      'Schedule',
      <Link key="schedule" to="/schedules/$name" params={{ name: schedule }} search={{ tab: 'backfill' }} className={LINK}>
        {schedule}
      </Link>,
    ],
    ['From', <Time key="from" at={from} as="short" />],
    ['To, included', <Time key="to" at={to} as="short" />],
    ['Order', order === 'forward' ? 'the first time first' : 'the last time first'],
    ['Where a run is there', REPROCESS[reprocess]],
    ['Seen to, up to', through === null ? 'none yet' : <Time key="through" at={through} as="short" />],
    ...(by === null ? [] : ([['By', by]] as [string, ReactNode][])),
  ]
}
