import { Link } from '@tanstack/react-router'
import type { Batch } from '../api/work.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { counted } from '../format/word.ts'
import { classes } from '../parts/classes.ts'
import type { Column } from '../parts/data-table.tsx'
import { SplitBar } from '../parts/meter.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { bulkTitle, partsOf, totalOf } from './words.ts'

export const batchColumns: readonly Column<Batch>[] = [
  {
    id: 'id',
    header: 'Batch',
    width: '64px',
    card: 'none',
    cell: ({ id }) => (
      <Link to="/batches/$batch" params={{ batch: id }} search={{}} className="font-mono text-small hover:underline" title={id}>
        {shortId(id)}
      </Link>
    ),
  },
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(150px, 2fr)',
    card: 'title',
    cell: ({ id, name, parent }) => (
      <span className={classes('flex min-w-0 gap-1.5', parent !== null && 'pl-3')}>
        {parent !== null && (
          <span className="text-soft" title={`within …${shortId(parent)}`}>
            ↳<span className="hidden-text">within {shortId(parent)}</span>
          </span>
        )}
        <Link to="/batches/$batch" params={{ batch: id }} search={{}} preload="intent" className="truncate font-medium hover:underline">
          {name}
        </Link>
      </span>
    ),
  },
  { id: 'state', header: 'State', width: '112px', card: 'end', cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'is',
    header: 'Is',
    width: 'minmax(110px, 1.2fr)',
    priority: 2,
    cell: ({ bulk, jobs, backfill }) =>
      backfill !== null ? (
        `backfill of ${counted(backfill.total, 'time')}`
      ) : bulk === null ? (
        <span className="text-soft">{counted(jobs?.total ?? 0, 'job')}</span>
      ) : (
        bulkTitle(bulk)
      ),
  },
  { id: 'progress', header: 'How far', width: 'minmax(120px, 1.4fr)', card: 'none', cell: batch => <Progress batch={batch} /> },
  { id: 'outcome', header: 'Outcome', width: 'minmax(130px, 1.3fr)', cell: batch => <Outcome batch={batch} /> },
  { id: 'created', header: 'Created', width: '84px', align: 'end', cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: 'took',
    header: 'Took',
    width: '76px',
    align: 'end',
    priority: 3,
    card: 'none',
    cell: ({ createdAt, closedAt }) => <Duration from={createdAt} to={closedAt} />,
  },
]

export function Progress({ batch }: { batch: Batch }) {
  return <SplitBar label={`${batch.name}, ${countText(totalOf(batch))} in all`} parts={partsOf(batch)} height={6} />
}

/** What is worth a word: what failed first, then what is left. */
function Outcome({ batch }: { batch: Batch }) {
  const parts = partsOf(batch).filter(({ count }) => count > 0)
  if (parts.length === 0) return <span className="text-soft">nothing</span>
  return (
    <span className="inline-flex gap-2">
      {parts.map(({ state, word, count }) => (
        <span key={word} className={state === 'failed' ? 'font-medium text-failed' : 'text-soft'}>
          <span className="numeric">{countText(count)}</span> {word}
        </span>
      ))}
    </span>
  )
}
