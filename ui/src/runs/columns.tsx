import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run } from '../api/client.ts'
import { percentText } from '../format/number.ts'
import { RunId } from '../parts/copy.tsx'
import type { Column } from '../parts/data-table.tsx'
import { KindBadge } from '../parts/kind-badge.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Duration, Time } from '../parts/time.tsx'

export const runColumns: readonly Column<Run>[] = [
  {
    id: 'run',
    header: 'Run',
    width: '64px',
    card: 'end',
    cell: run => (
      <Link to="/runs/$run" params={{ run: run.id }} search={{}} preload="intent" className="hover:underline">
        <RunId id={run.id} />
      </Link>
    ),
  },
  {
    id: 'definition',
    header: 'Definition',
    width: 'minmax(120px, 1.6fr)',
    card: 'title',
    cell: run => (
      <span className="flex min-w-0 items-baseline gap-2">
        <span className="truncate font-medium">{run.definition}</span>
        {run.kind !== 'job' && <KindBadge kind={run.kind} />}
      </span>
    ),
  },
  { id: 'state', header: 'State', width: 'minmax(110px, 1.7fr)', cell: run => <StateBadge state={run.state} reason={run.reason} /> },
  {
    id: 'what',
    header: 'Says',
    width: 'minmax(140px, 4fr)',
    priority: 3,
    card: 'none',
    cell: run => <span className="text-soft">{saysOf(run)}</span>,
  },
  { id: 'attempt', header: 'Attempt', width: '64px', align: 'end', priority: 2, card: 'none', cell: run => <Attempts run={run} /> },
  { id: 'queue', header: 'Queue', width: 'minmax(80px, 1fr)', priority: 2, card: 'none', cell: run => run.queue },
  { id: 'duration', header: 'Took', width: '80px', align: 'end', cell: run => <Took run={run} /> },
  { id: 'created', header: 'Created', width: '88px', align: 'end', cell: run => <Time at={run.createdAt} /> },
]

/** What is most worth knowing of it in a line: its error, when it is due, how far it is. */
function saysOf(run: Run): ReactNode {
  if (run.failure !== null) return run.failure.message
  if (run.closedAt === null && run.nextAt !== null && run.state !== 'running')
    return (
      <>
        due <Time at={run.nextAt} />
      </>
    )
  if (run.progress === null) return ''
  const { value, message } = run.progress
  return run.closedAt === null ? `${percentText(value)}${message === undefined ? '' : ` ${message}`}` : message
}

function Attempts({ run }: { run: Run }) {
  if (run.kind !== 'job') return <span className="text-soft">–</span>
  return (
    <span className="numeric">
      {run.attempt}
      <span className="text-soft">/{run.attempts}</span>
    </span>
  )
}

function Took({ run }: { run: Run }) {
  return run.startedAt === null ? <span className="text-soft">–</span> : <Duration from={run.startedAt} to={run.closedAt} />
}
