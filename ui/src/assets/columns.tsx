import { Link } from '@tanstack/react-router'
import type { Asset } from '../api/assets.ts'
import type { Column } from '../parts/data-table.tsx'
import { Time } from '../parts/time.tsx'

export const assetColumns: readonly Column<Asset>[] = [
  {
    id: 'name',
    header: 'Asset',
    width: 'minmax(180px, 3fr)',
    card: 'title',
    cell: ({ name }) => (
      <Link to="/data/$name" params={{ name }} search={{}} className="truncate font-mono text-small hover:underline">
        {name}
      </Link>
    ),
  },
  { id: 'count', header: 'Events', width: '80px', align: 'end', cell: ({ count }) => <span className="numeric">{count}</span> },
  {
    id: 'last',
    header: 'Last',
    width: '100px',
    align: 'end',
    cell: ({ last }) => (last === null ? <span className="text-soft">–</span> : <Time at={last.at} />),
  },
  {
    id: 'producers',
    header: 'Made by',
    width: 'minmax(120px, 2fr)',
    priority: 2,
    cell: asset => <span className="truncate text-soft">{makersOf(asset).join(', ') || '–'}</span>,
  },
  {
    id: 'consumers',
    header: 'Waited for by',
    width: 'minmax(120px, 2fr)',
    priority: 2,
    cell: ({ consumers }) => <span className="truncate text-soft">{consumers.map(({ schedule }) => schedule).join(', ') || '–'}</span>,
  },
]

/** Of a task its DAG and its id. */
export function makersOf({ producers }: Pick<Asset, 'producers'>): string[] {
  return [...new Set(producers.map(({ definition, dag, task }) => (dag === undefined ? definition : `${dag}.${task ?? definition}`)))]
}
