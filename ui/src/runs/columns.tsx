import type { ReactNode } from 'react'
import type { Run } from '../api/client.ts'
import { percentText } from '../format/number.ts'
import type { Column } from '../parts/data-table.tsx'
import { KindBadge } from '../parts/kind-badge.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Duration, Time } from '../parts/time.tsx'

export const runColumns: readonly Column<Run>[] = [
  {
    id: 'run',
    header: 'Run',
    width: '64px',
    fits: true,
    card: 'end',
    cell: run => <RunLink run={run.id} />,
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
  {
    id: 'state',
    header: 'State',
    width: 'minmax(110px, 1.7fr)',
    fits: true,
    cell: run => <StateBadge state={run.state} reason={run.reason} />,
  },
  {
    id: 'what',
    header: 'Says',
    width: 'minmax(140px, 4fr)',
    priority: 3,
    card: 'none',
    className: 'text-soft',
    cell: saysOf,
  },
  {
    id: 'attempt',
    header: 'Attempt',
    width: '64px',
    align: 'end',
    fits: true,
    priority: 2,
    card: 'none',
    className: 'numeric',
    cell: attemptsOf,
  },
  { id: 'queue', header: 'Queue', width: 'minmax(80px, 1fr)', priority: 2, card: 'none', cell: run => run.queue },
  { id: 'duration', header: 'Took', width: '80px', align: 'end', fits: true, cell: run => <Took run={run} /> },
  { id: 'created', header: 'Created', width: '88px', align: 'end', fits: true, cell: run => <Time at={run.createdAt} /> },
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

function attemptsOf(run: Run): ReactNode {
  if (run.kind !== 'job') return <span className="text-soft">–</span>
  return (
    <>
      {run.attempt}
      <span className="text-soft">/{run.attempts}</span>
    </>
  )
}

function Took({ run }: { run: Run }) {
  return run.startedAt === null ? <span className="text-soft">–</span> : <Duration from={run.startedAt} to={run.closedAt} />
}
