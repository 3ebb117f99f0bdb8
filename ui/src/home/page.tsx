import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run, RunState, Summary } from '../api/client.ts'
import { summaryQuery } from '../api/names.ts'
import { useNamespace } from '../api/namespace.ts'
import { Page } from '../app/page.tsx'
import { commandText } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { Count } from '../parts/count.tsx'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

/** Is anything wrong? Every number is a link to the list behind it. */
export function HomePage() {
  const namespace = useNamespace()
  const summary = useQuery(summaryQuery(namespace))
  return (
    <Page title="Home">
      {summary.isPending ? (
        <Skeleton lines={8} />
      ) : summary.data === undefined ? (
        <ErrorState error={summary.error} retry={() => void summary.refetch()} />
      ) : (
        <Now namespace={namespace} summary={summary.data} />
      )}
    </Page>
  )
}

const OPEN = ['running', 'queued', 'scheduled', 'waiting', 'paused'] as const

function Now({ namespace, summary }: { namespace: string; summary: Summary }) {
  const { lastHour } = summary
  const hourAgo = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000).toISOString()
  return (
    <>
      <ul className="grid grid-cols-7 gap-px overflow-hidden rounded border border-line bg-line max-lg:grid-cols-4 max-sm:grid-cols-2">
        {OPEN.map(state => (
          <Figure key={state} label={<StateBadge state={state} />} count={summary[state]} state={[state]} />
        ))}
        <Figure
          label={<StateBadge state="completed" reason="last hour" />}
          count={lastHour.completed ?? 0}
          state={['completed']}
          createdAfter={hourAgo}
        />
        <Figure
          label={<StateBadge state="failed" reason="last hour" />}
          count={(lastHour.failed ?? 0) + (lastHour.timed_out ?? 0)}
          state={['failed', 'timed_out']}
          createdAfter={hourAgo}
        />
      </ul>
      {summary.pauses.length > 0 && (
        <Panel title="Paused">
          <ul className="flex flex-col gap-1">
            {summary.pauses.map(pause => (
              <li key={`${pause.scope} ${pause.name}`}>
                {pause.scope} <b className="font-semibold">{pause.name}</b>
                {pause.by !== null && ` by ${pause.by}`}, <Time at={pause.since} />
                {pause.note !== null && <span className="text-soft">: {pause.note}</span>}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <div className="grid grid-cols-2 items-start gap-4 max-lg:grid-cols-1">
        {summary.stuck.length > 0 && (
          <Panel title="Stuck or parked" padded={false}>
            <Short runs={summary.stuck} time={run => run.startedAt} />
          </Panel>
        )}
        <Panel title="Failed last" padded={false}>
          {summary.failed.length === 0 ? (
            <EmptyState icon="completed" title="Nothing has failed" />
          ) : (
            <Short runs={summary.failed} time={run => run.closedAt} />
          )}
        </Panel>
        <Panel title="Due next" padded={false}>
          {summary.next.length === 0 ? (
            <EmptyState icon="clock" title="Nothing is scheduled" command={commandText(namespace, 'start', 'NAME', '{}', '--delay', '5m')} />
          ) : (
            <Short runs={summary.next} time={run => run.nextAt} />
          )}
        </Panel>
      </div>
    </>
  )
}

function Figure({ label, count, state, createdAfter }: { label: ReactNode; count: number; state: RunState[]; createdAfter?: string }) {
  return (
    <li className="bg-surface">
      <Link
        to="/runs"
        search={{ state, ...(createdAfter !== undefined && { createdAfter }) }}
        preload="intent"
        className="block px-3 py-2 hover:bg-hover -outline-offset-2"
      >
        <span className="block text-figure font-semibold">
          <Count of={count} compact />
        </span>
        {label}
      </Link>
    </li>
  )
}

function Short({ runs, time }: { runs: readonly Run[]; time(run: Run): string | null }) {
  return (
    <ul>
      {runs.map(run => (
        <li key={run.id} className="border-b border-line last:border-b-0">
          <Link
            to="/runs/$run"
            params={{ run: run.id }}
            search={{}}
            preload="intent"
            className="flex items-center gap-3 px-3 py-1.5 hover:bg-hover -outline-offset-2"
          >
            <StateBadge state={run.state} compact />
            <RunId id={run.id} />
            <span className="font-medium">{run.definition}</span>
            <span className="min-w-0 grow truncate text-soft">{run.failure?.message ?? run.reason}</span>
            <span className="text-soft">
              <Time at={time(run)} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
