import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Run, Summary } from '../api/client.ts'
import { definitionsQuery } from '../api/names.ts'
import { AT_TIMES, workersQuery } from '../api/work.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { AsCommand, commandText } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState } from '../parts/states.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { LINK } from './needs.tsx'
import { schedulesQuery } from './queries.ts'

const ROWS_MAX = 6
const ROW = 'flex items-center gap-2.5 px-3 py-1.5 hover:bg-hover -outline-offset-2'

export function LatestFailures({ runs }: { runs: readonly Run[] }) {
  return (
    <Panel title="Latest failures" padded={false} aside={<More to="/runs" search={{ state: ['failed', 'timed_out'] }} />}>
      {runs.length === 0 ? (
        <Quiet icon="completed">No run has failed as far back as runs are kept.</Quiet>
      ) : (
        <Rows>
          {[...runs].sort(byClosing).map(run => (
            <li key={run.id} className="border-b border-line last:border-b-0">
              <Link to="/runs/$run" params={{ run: run.id }} search={{}} preload="intent" className={ROW}>
                <StateBadge state={run.state} compact />
                <span className="max-sm:hidden">
                  <RunId id={run.id} />
                </span>
                <span className="shrink-0 truncate font-medium max-sm:max-w-24">{run.definition}</span>
                <span className="min-w-0 grow truncate text-soft">{run.failure?.message ?? run.reason}</span>
                <span className="text-soft">
                  <Time at={run.closedAt} />
                </span>
              </Link>
            </li>
          ))}
        </Rows>
      )}
    </Panel>
  )
}

const byClosing = (a: Run, b: Run): number => ((a.closedAt ?? '') < (b.closedAt ?? '') ? 1 : -1)

/** Of the last hour: which definitions fail, those that fail most first. */
export function FailingMost({ namespace }: { namespace: string }) {
  const { data } = useQuery({ ...definitionsQuery(namespace), refetchInterval: 15_000, meta: { refreshMs: 5_000 } })
  const rows = (data?.definitions ?? [])
    .map(({ name, lastHour: { closed } }) => ({
      name,
      failed: (closed.failed ?? 0) + (closed.timed_out ?? 0),
      of: Object.values(closed).reduce((sum, count) => sum + count, 0),
    }))
    .filter(({ failed }) => failed > 0)
    .sort((a, b) => b.failed - a.failed)
    .slice(0, ROWS_MAX)
  return (
    <Panel title="Failing most, last hour" padded={false} aside={<More to="/definitions" search={{}} />}>
      {rows.length === 0 ? (
        <Quiet icon="completed">Nothing has failed in the last hour.</Quiet>
      ) : (
        <Rows>
          {rows.map(({ name, failed, of }) => (
            <li key={name} className="border-b border-line last:border-b-0">
              <Link to="/runs" search={{ state: ['failed', 'timed_out'], definition: [name] }} preload="intent" className={ROW}>
                <span className="w-40 truncate font-medium max-sm:w-28">{name}</span>
                <span aria-hidden="true" className="flex h-1.5 min-w-0 grow overflow-hidden rounded-full bg-hover">
                  <span className="bg-failed" style={{ width: `${Math.max(2, (failed / of) * 100)}%` }} />
                </span>
                <span className="numeric shrink-0 text-right">
                  {countText(failed)} <span className="text-soft">of {countText(of)}</span>
                </span>
              </Link>
            </li>
          ))}
        </Rows>
      )}
    </Panel>
  )
}

/** Schedules and delayed runs together, what comes first at the top. */
export function DueNext({ namespace, runs }: { namespace: string; runs: readonly Run[] }) {
  const { data } = useQuery(schedulesQuery(namespace))
  const due = [
    ...(data?.schedules ?? []).flatMap(({ name, nextAt, paused, target }) =>
      nextAt === null || paused !== null
        ? []
        : [{ key: name, at: nextAt, name, what: target, to: `/schedules/${encodeURIComponent(name)}`, scheduled: true }],
    ),
    ...runs.flatMap(run =>
      run.nextAt === null
        ? []
        : [{ key: run.id, at: run.nextAt, name: run.definition, what: `run ${shortId(run.id)}`, to: `/runs/${run.id}`, scheduled: false }],
    ),
  ]
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, ROWS_MAX)
  return (
    <Panel title="Due next" padded={false} aside={<More to="/schedules" search={{}} />}>
      {due.length === 0 ? (
        <EmptyState icon="clock" title="Nothing is scheduled" command={commandText(namespace, 'start', 'NAME', '{}', '--delay', '5m')}>
          A start with a delay, or a schedule in your code or YAML, shows here:
        </EmptyState>
      ) : (
        <Rows>
          {due.map(({ key, at, name, what, to, scheduled }) => (
            <li key={key} className="border-b border-line last:border-b-0">
              <Link to={to as '/'} search={{}} preload="intent" className={ROW}>
                <Icon name={scheduled ? 'schedules' : 'runs'} size={14} className="text-soft" />
                <span className="shrink-0 font-medium">{name}</span>
                <span className="min-w-0 grow truncate text-soft">{what === name ? '' : what}</span>
                <span className="numeric text-soft max-sm:hidden">
                  <Time at={at} as="clock" />
                </span>
                <span className="w-16 text-right">
                  <Time at={at} />
                </span>
              </Link>
            </li>
          ))}
        </Rows>
      )}
    </Panel>
  )
}

export function Workers({ namespace }: { namespace: string }) {
  const { data } = useQuery(workersQuery(namespace, AT_TIMES))
  const workers = data?.workers ?? []
  return (
    <Panel title="Workers" padded={false} aside={<More to="/workers" search={{}} />}>
      {data === undefined ? null : workers.length === 0 ? (
        <EmptyState icon="workers" title="No worker is there" command={commandText(namespace, 'worker', 'jobs.ts')}>
          What is started waits until one comes:
        </EmptyState>
      ) : (
        <Rows>
          {[...workers]
            .sort((a, b) => b.running.length - a.running.length)
            .slice(0, ROWS_MAX)
            .map(({ id, name, slots, running, draining, lastSeenAt }) => (
              <li key={id} className="border-b border-line last:border-b-0">
                <Link to="/workers/$id" params={{ id }} search={{}} preload="intent" className={ROW}>
                  <StateBadge state={draining ? 'draining' : running.length > 0 ? 'busy' : 'idle'} compact />
                  <span className="min-w-0 truncate font-medium">{name}</span>
                  <span className="min-w-0 grow truncate text-soft">{[...new Set(running.map(task => task.definition))].join(', ')}</span>
                  <span className="numeric shrink-0">
                    {countText(running.length)} <span className="text-soft">of {countText(slots)}</span>
                  </span>
                  <span className="w-16 text-right text-soft">
                    <Time at={lastSeenAt} />
                  </span>
                </Link>
              </li>
            ))}
        </Rows>
      )}
    </Panel>
  )
}

const PAUSED_AT: Record<string, string> = { queue: 'queues', definition: 'definitions', schedule: 'schedules' }

/** What a person has paused, with the way back. */
export function Paused({ namespace, pauses }: { namespace: string; pauses: Summary['pauses'] }) {
  if (pauses.length === 0) return null
  return (
    <Panel title="Paused" padded={false}>
      <Rows>
        {pauses.map(({ scope, name, by, note, since }) => (
          <li key={`${scope} ${name}`} className="flex items-center gap-2 border-b border-line px-3 py-1 last:border-b-0">
            <Icon name="pause" size={14} className="text-paused" />
            <p className="min-w-0 grow truncate">
              <span className="text-soft">{scope}</span>{' '}
              {PAUSED_AT[scope] === undefined ? (
                <b className="font-semibold">{name}</b>
              ) : (
                <Link to={`/${PAUSED_AT[scope]}/${encodeURIComponent(name)}` as '/'} search={{}} className={`font-medium ${LINK}`}>
                  {name}
                </Link>
              )}{' '}
              <span className="text-soft">
                {by !== null && `by ${by} `}for <Duration from={since} to={null} />
                {note !== null && `: ${note}`}
              </span>
            </p>
            <AsCommand text={commandText(namespace, scope, 'resume', name)} />
          </li>
        ))}
      </Rows>
    </Panel>
  )
}

function Rows({ children }: { children: ReactNode }) {
  return <ul>{children}</ul>
}

function Quiet({ icon, children }: { icon: 'completed'; children: string }) {
  return (
    <p className="flex items-center gap-2 px-3 py-3 text-soft">
      <Icon name={icon} size={14} className="text-completed" /> {children}
    </p>
  )
}

function More({ to, search }: { to: string; search: Record<string, unknown> }) {
  return (
    <Link to={to as '/'} search={search} preload="intent" className="text-small hover:text-ink hover:underline">
      all
    </Link>
  )
}
