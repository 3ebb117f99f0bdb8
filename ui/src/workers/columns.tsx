import { Link } from '@tanstack/react-router'
import { counted } from '../format/word.ts'
import type { Column } from '../parts/data-table.tsx'
import { Meter } from '../parts/meter.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Time } from '../parts/time.tsx'
import { stateOf, type WorkerRow } from './rows.ts'

export const workerColumns: readonly Column<WorkerRow>[] = [
  {
    id: 'name',
    header: 'Worker',
    width: 'minmax(130px, 1.4fr)',
    card: 'title',
    cell: ({ id, name }) => (
      <Link to="/workers/$id" params={{ id }} search={{}} preload="intent" className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  { id: 'state', header: 'State', width: '104px', card: 'end', cell: row => <StateBadge state={stateOf(row)} /> },
  {
    id: 'slots',
    header: 'Slots in use',
    width: 'minmax(150px, 1.3fr)',
    cell: row =>
      row.is === 'silent' ? (
        <span className="text-soft">–</span>
      ) : (
        <Meter label={`Slots of ${row.name}`} used={row.worker.running.length} of={row.worker.slots} />
      ),
  },
  { id: 'serves', header: 'Serves', width: 'minmax(120px, 2fr)', priority: 2, card: 'none', cell: row => <Serves row={row} /> },
  { id: 'queues', header: 'Takes from', width: 'minmax(100px, 1.2fr)', priority: 2, card: 'none', cell: row => <Queues row={row} /> },
  {
    id: 'labels',
    header: 'Labels',
    width: 'minmax(80px, 1fr)',
    priority: 3,
    card: 'none',
    cell: row => <Labels labels={row.is === 'silent' ? {} : row.worker.labels} />,
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: '96px',
    align: 'end',
    cell: row => (
      <span className={row.is === 'silent' ? 'font-medium text-failed' : ''}>
        <Time at={row.lastSeenAt} />
      </span>
    ),
  },
]

const NAMED = 2
function Serves({ row }: { row: WorkerRow }) {
  if (row.is === 'silent') return <span className="text-soft">–</span>
  const names = row.worker.serves.map(({ definition }) => definition)
  if (names.length === 0) return <span className="text-soft">nothing yet</span>
  const rest = names.length - NAMED
  return (
    <span title={names.join('\n')}>
      {names.slice(0, NAMED).join(', ')}
      {rest > 0 && <span className="text-soft"> and {counted(rest, 'other')}</span>}
    </span>
  )
}

function Queues({ row }: { row: WorkerRow }) {
  if (row.is === 'silent') return <span className="text-soft">–</span>
  const { queues } = row.worker
  return queues.length === 0 ? <span className="text-soft">all queues</span> : <span title={queues.join('\n')}>{queues.join(', ')}</span>
}

export function Labels({ labels }: { labels: Readonly<Record<string, string>> }) {
  const all = Object.entries(labels)
  if (all.length === 0) return <span className="text-soft">–</span>
  return <code>{all.map(([name, value]) => `${name}=${value}`).join(' ')}</code>
}
