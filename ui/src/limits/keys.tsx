import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { LimitDetail, LimitKey } from '../api/work.ts'
import { counted } from '../format/word.ts'
import { commandText } from '../parts/command.tsx'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Meter } from '../parts/meter.tsx'
import { Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { RunLink } from '../parts/run-rows.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { maxOf } from './words.ts'

const route = getRouteApi('/limits/$name')
const KEYS_TOLD_MAX = 100
const HOLDERS_SHOWN = 6

type Holder = LimitKey['holders'][number]

/** Who holds it. Of a limit with keys each key by itself, and a search for one. */
export function Keys({ limit }: { limit: LimitDetail }) {
  if (limit.per === null) return <Holders limit={limit} />
  return <ByKey limit={limit} />
}

function Holders({ limit: { byKey, rate, name } }: { limit: LimitDetail }) {
  const holders = byKey.flatMap(key => key.holders)
  if (rate !== undefined && holders.length === 0) return null
  const columns: readonly Column<Holder>[] = [
    { id: 'run', header: 'Run', cell: ({ run }) => <RunLink run={run} /> },
    { id: 'weight', header: 'Slots', align: 'end', cell: ({ weight }) => <Count of={weight} /> },
    { id: 'since', header: 'Since', align: 'end', priority: 2, cell: ({ since }) => <Time at={since} as="clock" /> },
    { id: 'for', header: 'Holds it for', align: 'end', cell: ({ since }) => <Duration from={since} to={null} /> },
  ]
  return (
    <Panel title="Who holds it" padded={false} aside={holders.length > 0 && counted(holders.length, 'run')}>
      <Rows
        label={`Runs that hold ${name}`}
        columns={columns}
        rows={holders}
        rowKey={({ run }) => run}
        empty={
          <EmptyState small icon="ring" title="Nobody holds it">
            Every slot is free.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function ByKey({ limit }: { limit: LimitDetail }) {
  const { name, per, byKey, keys, rate } = limit
  const { key: sought = '' } = route.useSearch()
  const navigate = useNavigate()
  const found = byKey.filter(({ key }) => key.toLowerCase().includes(sought.toLowerCase()))
  const max = maxOf(limit)
  const columns: readonly Column<LimitKey>[] = [
    {
      id: 'key',
      header: per ?? 'Key',
      cell: ({ key }) => (key === '' ? <span className="text-soft">(none)</span> : <code className="break-all">{key}</code>),
    },
    {
      id: 'used',
      header: rate === undefined ? 'Held' : 'Spent',
      width: '28%',
      cell: ({ key, used }) => <Meter label={`Used by ${key}`} used={used} of={max} />,
    },
    ...(rate === undefined
      ? [{ id: 'holders', header: 'By', cell: ({ holders }: LimitKey) => <HeldBy holders={holders} /> }]
      : [
          {
            id: 'next',
            header: 'Next token',
            cell: ({ nextAt }: LimitKey) => (nextAt === null ? <span className="text-soft">now</span> : <Time at={nextAt} />),
          },
        ]),
    {
      id: 'waiting',
      header: 'Waits',
      align: 'end',
      cell: ({ waiting }) =>
        waiting === 0 ? <span className="text-soft">–</span> : <span className="font-medium text-paused">{counted(waiting, 'line')}</span>,
    },
  ]
  return (
    <Panel title={`By ${per}`} padded={false} aside={<span>{counted(keys, 'key')} in use or waited for</span>}>
      <div className="border-b border-line p-2">
        <FilterBox
          label={`Find a ${per}`}
          placeholder={`Find a ${per}`}
          value={sought}
          onChange={next => void navigate({ to: '/limits/$name', params: { name }, search: next === '' ? {} : { key: next }, replace: true })}
        />
      </div>
      <Rows
        label={`Keys of ${name}`}
        columns={columns}
        rows={found}
        rowKey={({ key }) => key}
        empty={
          byKey.length === 0 ? (
            <EmptyState small icon="ring" title="No key is in use">
              A key is told as soon as a run with it holds the limit or waits for it.
            </EmptyState>
          ) : (
            <EmptyState
              icon="search"
              title={`No key in use has “${sought}” in it`}
              command={commandText('default', 'limits', 'show', name, '--key', sought)}
            />
          )
        }
      />
      {keys > KEYS_TOLD_MAX && (
        <p className="border-t border-line px-3 py-2 text-soft">
          The fullest {KEYS_TOLD_MAX} of {counted(keys, 'key')} are told.
        </p>
      )}
    </Panel>
  )
}

function HeldBy({ holders }: { holders: readonly Holder[] }) {
  if (holders.length === 0) return <span className="text-soft">nobody</span>
  return (
    <span className="flex flex-wrap gap-x-3">
      {holders.slice(0, HOLDERS_SHOWN).map(({ run, since }) => (
        <span key={run} className="whitespace-nowrap">
          <RunLink run={run} />{' '}
          <span className="text-small text-soft">
            <Duration from={since} to={null} />
          </span>
        </span>
      ))}
      {holders.length > HOLDERS_SHOWN && <span className="text-soft">and {holders.length - HOLDERS_SHOWN} more</span>}
    </span>
  )
}
