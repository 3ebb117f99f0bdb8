import { Link } from '@tanstack/react-router'
import type { Run } from '../api/client.ts'
import { RunId } from '../parts/copy.tsx'
import type { Column } from '../parts/data-table.tsx'
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
    width: 'minmax(120px, 2fr)',
    card: 'title',
    cell: run => <span className="font-medium">{run.definition}</span>,
  },
  { id: 'state', header: 'State', width: 'minmax(110px, 1.4fr)', cell: run => <StateBadge state={run.state} reason={run.reason} /> },
  {
    id: 'what',
    header: 'Says',
    width: 'minmax(140px, 3fr)',
    priority: 3,
    card: 'none',
    cell: run => <span className="text-soft">{run.failure?.message ?? run.progress?.message ?? ''}</span>,
  },
  { id: 'attempt', header: 'Attempt', width: '64px', align: 'end', priority: 2, card: 'none', cell: run => <Attempts run={run} /> },
  { id: 'queue', header: 'Queue', width: 'minmax(80px, 1fr)', priority: 2, card: 'none', cell: run => run.queue },
  { id: 'duration', header: 'Took', width: '80px', align: 'end', cell: run => <Took run={run} /> },
  { id: 'created', header: 'Created', width: '88px', align: 'end', cell: run => <Time at={run.createdAt} /> },
]

function Attempts({ run }: { run: Run }) {
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
