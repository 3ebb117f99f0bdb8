import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run } from '../api/client.ts'
import { classes } from '../parts/classes.ts'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { LINK, PlaceLink } from './links.tsx'
import { relatedQuery } from './queries.ts'

/** The chain of its retries, what started it, and what it started. */
export function Related({ namespace, run }: { namespace: string; run: Run }) {
  const related = useQuery(relatedQuery(namespace, run.id))
  if (related.data === undefined)
    return (
      <Panel title="Related">
        {related.isError ? <ErrorState error={related.error} retry={() => void related.refetch()} /> : <Skeleton lines={3} />}
      </Panel>
    )
  const { chain, parent, children, schedule, batch, more } = related.data
  const alone = chain.length < 2 && parent === null && children.length === 0 && schedule === null && batch === null
  if (alone) return null
  return (
    <Panel title="Related" padded={false}>
      {schedule !== null && (
        <Group name="Schedule">
          <p className="px-3 py-1">
            <PlaceLink noun="schedule" name={schedule.name} /> for <Time at={schedule.nominalAt} as="absolute" />{' '}
            <span className="text-soft">
              {schedule.n < 0 ? 'by a backfill' : `${schedule.source === 'time' ? '' : `${schedule.source}, `}line ${schedule.n} of its ledger`}
            </span>
          </p>
        </Group>
      )}
      {batch !== null && (
        <Group name="Batch">
          <p className="px-3 py-1">
            <PlaceLink noun="batch" name={batch}>
              <span className="font-mono text-small">{batch.slice(-5)}</span>
            </PlaceLink>
          </p>
        </Group>
      )}
      {parent !== null && (
        <Group name={run.trigger.is === 'hook' ? 'Told of' : 'Started by'}>
          <RunRow run={parent} />
        </Group>
      )}
      {chain.length > 1 && (
        <Group name={`Chain of retries, ${chain.length}`}>
          {chain.map(other => (
            <RunRow key={other.id} run={other} here={other.id === run.id} />
          ))}
        </Group>
      )}
      {children.length > 0 && (
        <Group name={`${run.kind === 'batch' ? 'Its jobs' : 'It started'}, ${children.length}${more ? ' or more' : ''}`}>
          <div className="max-h-72 overflow-y-auto">
            {children.map(child => (
              <RunRow key={child.id} run={child} />
            ))}
          </div>
        </Group>
      )}
    </Panel>
  )
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="border-b border-line py-1.5 last:border-b-0">
      <h3 className="px-3 text-small text-soft">{name}</h3>
      {children}
    </section>
  )
}

function RunRow({ run, here = false }: { run: Run; here?: boolean }) {
  return (
    <div
      className={classes(
        'grid grid-cols-[48px_minmax(0,1fr)_minmax(96px,max-content)_64px_64px] items-center gap-x-3 px-3 py-1 max-sm:grid-cols-[48px_minmax(0,1fr)_max-content]',
        here && 'bg-picked',
      )}
    >
      {here ? (
        <span aria-current="page" className="font-mono text-small font-semibold">
          {run.id.slice(-5)}
        </span>
      ) : (
        <Link to="/runs/$run" params={{ run: run.id }} search={{}} preload="intent" className={`font-mono text-small ${LINK}`}>
          {run.id.slice(-5)}
        </Link>
      )}
      <span className="truncate">
        {run.definition}
        {here && <span className="text-soft"> this run</span>}
      </span>
      <StateBadge state={run.state} />
      <span className="text-right text-soft max-sm:hidden">
        <Duration from={run.startedAt} to={run.closedAt} />
      </span>
      <span className="text-right text-soft max-sm:hidden">
        <Time at={run.createdAt} />
      </span>
    </div>
  )
}
