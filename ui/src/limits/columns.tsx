import { Link } from '@tanstack/react-router'
import type { Limit } from '../api/work.ts'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Icon } from '../parts/icons.tsx'
import { Meter } from '../parts/meter.tsx'
import { From, On } from './on.tsx'
import { maxOf, sizeText } from './words.ts'

export const limitColumns: readonly Column<Limit>[] = [
  {
    id: 'name',
    header: 'Limit',
    width: 'minmax(140px, 1.4fr)',
    card: 'title',
    cell: ({ name }) => (
      <Link to="/limits/$name" params={{ name }} search={{}} preload="intent" className="font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  { id: 'size', header: 'Lets through', width: 'minmax(110px, 1fr)', card: 'end', cell: limit => sizeText(limit) },
  {
    id: 'per',
    header: 'For each',
    width: 'minmax(72px, 0.7fr)',
    priority: 2,
    card: 'none',
    cell: ({ per }) => (per === null ? <span className="text-soft">–</span> : <code>{per}</code>),
  },
  { id: 'used', header: 'Used now', width: 'minmax(150px, 1.3fr)', cell: limit => <Used limit={limit} /> },
  { id: 'waiting', header: 'Waits', width: '96px', cell: limit => <Waits limit={limit} /> },
  { id: 'on', header: 'On', width: 'minmax(140px, 1.3fr)', priority: 2, cell: ({ on }) => <On on={on} /> },
  { id: 'from', header: 'From', width: 'minmax(190px, 2fr)', priority: 3, card: 'none', cell: limit => <From limit={limit} /> },
]

/** Of one with keys there is no whole to measure against: each key has its own. */
function Used({ limit }: { limit: Limit }) {
  const { name, per, used, keys } = limit
  if (per === null) return <Meter label={`Used of ${name}`} used={used} of={maxOf(limit)} />
  if (keys === 0) return <span className="text-soft">by nobody</span>
  return (
    <span>
      <Count of={used} /> <span className="text-soft">over</span> <Count of={keys} /> <span className="text-soft">{keys === 1 ? 'key' : 'keys'}</span>
    </span>
  )
}

function Waits({ limit: { waiting } }: { limit: Limit }) {
  if (waiting === 0)
    return (
      <span className="text-soft">
        nobody<span className="sm:hidden"> waits</span>
      </span>
    )
  return (
    <span className="inline-flex items-center gap-1.5 font-medium text-paused">
      <Icon name="warning" size={14} />
      <Count of={waiting} /> {waiting === 1 ? 'line' : 'lines'}
    </span>
  )
}
