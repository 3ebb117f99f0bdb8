import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RunState } from '../api/client.ts'
import { countText } from '../format/number.ts'
import { counted } from '../format/word.ts'
import { LINK } from '../parts/classes.ts'
import { Count } from '../parts/count.tsx'
import type { Column } from '../parts/data-table.tsx'
import { Figure, Figures } from '../parts/figures.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Rows } from '../parts/rows.tsx'
import { RunLink } from '../parts/run-rows.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { type Bulk, OPERATIONS } from './words.ts'

type Refusal = Bulk['refusals'][number]
const REFUSALS: readonly Column<Refusal>[] = [
  { id: 'run', header: 'Run', width: '96px', cell: ({ run }) => <RunLink run={run} /> },
  { id: 'code', header: 'Refused because', cell: ({ code }) => <code>{code}</code> },
]

/** An operation on many runs: which it is about, how far it has come, and what was refused. */
export function BulkBatch({ bulk }: { bulk: Bulk }) {
  const { operation, matched, done, skipped, refused, refusals } = bulk
  const left = Math.max(0, matched - done - skipped - refused)
  return (
    <>
      <Figures>
        <Figure label="Matched" value={<Count of={matched} compact />} note="when it began" />
        <Figure label="Done" value={<Count of={done} compact />} note={OPERATIONS[operation]?.[1] ?? operation} />
        <Figure label="Skipped" value={<Count of={skipped} compact />} note="no longer matched" />
        <Figure
          label="Refused"
          value={<Count of={refused} compact />}
          note={refused === 0 ? 'none' : 'see why below'}
          tone={refused > 0 ? 'bad' : undefined}
        />
        <Figure label="To come" value={<Count of={left} compact />} note={left === 0 ? 'it has been through all' : 'page by page'} />
      </Figures>
      <Panel title={`${OPERATIONS[operation]?.[0] ?? operation} all runs that match`}>
        <Facts facts={factsOf(bulk)} />
      </Panel>
      {(refused > 0 || refusals.length > 0) && (
        <Panel title="Refused" padded={false} aside={refused > refusals.length && `the first ${countText(refusals.length)} of ${countText(refused)}`}>
          <Rows
            label="Runs that were refused"
            columns={REFUSALS}
            rows={refusals}
            rowKey={({ run }) => run}
            empty={<EmptyState small title={`${counted(refused, 'run')} refused; which is not told`} />}
          />
        </Panel>
      )}
    </>
  )
}

function factsOf({ by, why, filter, change }: Bulk): [string, ReactNode][] {
  const facts: [string, ReactNode][] = []
  if (by !== null) facts.push(['By', by])
  if (why !== null) facts.push(['Why', <q key="why">{why}</q>])
  if (filter.state) facts.push(['State', filter.state.map(state => state.replace('_', ' ')).join(', ')])
  if (filter.definition)
    facts.push([
      'Definition',
      filter.definition.map(name => (
        <Link key={name} to="/definitions/$name" params={{ name }} search={{}} className={`mr-2 ${LINK}`}>
          {name}
        </Link>
      )),
    ])
  if (filter.queue)
    facts.push([
      'Queue',
      filter.queue.map(name => (
        <Link key={name} to="/queues/$name" params={{ name }} search={{}} className={`mr-2 ${LINK}`}>
          {name}
        </Link>
      )),
    ])
  if (filter.tags)
    facts.push([
      'Tags',
      Object.entries(filter.tags)
        .map(([name, value]) => `${name}:${value}`)
        .join(', '),
    ])
  if (filter.reason !== undefined) facts.push(['Reason', <code key="reason">{filter.reason}</code>])
  if (filter.error !== undefined) facts.push(['Error says', <q key="error">{filter.error}</q>])
  if (filter.batch !== undefined) facts.push(['Batch', filter.batch.slice(-5)])
  if (filter.createdAfter) facts.push(['Created after', <Time key="after" at={filter.createdAfter} as="short" />])
  if (filter.createdBefore) facts.push(['Created before', <Time key="before" at={filter.createdBefore} as="short" />])
  if (change?.priority !== undefined) facts.push(['New priority', change.priority])
  if (change?.queue !== undefined) facts.push(['New queue', change.queue])
  if (change?.now) facts.push(['New time', 'now'])
  if (change?.at !== undefined) facts.push(['New time', <Time key="at" at={change.at} as="absolute" />])
  const search = {
    ...(filter.definition && { definition: filter.definition }),
    ...(filter.queue && { queue: filter.queue }),
    ...(filter.state && { state: filter.state as RunState[] }),
  }
  facts.push([
    'Now',
    <Link key="now" to="/runs" search={search} className={LINK}>
      runs that match today
    </Link>,
  ])
  return facts
}
