import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { versionText } from '../format/word.ts'
import { Panel } from '../parts/panel.tsx'
import { Duration, Time } from '../parts/time.tsx'
import { LINK, PlaceLink } from './links.tsx'

/** What time alone will do next, by the state that it is in. */
const NEXT: Partial<Record<RunDetail['state'], string>> = { scheduled: 'Due', queued: 'Expires', running: 'Times out', waiting: 'Next attempt' }

export function RunFacts({ run, workerName }: { run: RunDetail; workerName(id: string): string }) {
  const tags = Object.entries(run.tags ?? {})
  const closed = isClosed(run.state)
  const isJob = run.kind === 'job'
  const isWork = run.kind !== 'batch'
  const waited = run.startedAt ?? run.closedAt
  const facts: (readonly [string, ReactNode] | false)[] = [
    ['Definition', <PlaceLink key="definition" noun="definition" name={run.definition} />],
    // A DAG stands in none: its tasks do.
    isWork && run.queue !== '' && ['Queue', <PlaceLink key="queue" noun="queue" name={run.queue} />],
    run.version !== null && ['Version', <code key="version">{versionText(run.version)}</code>],
    isWork && ['Priority', run.priority],
    isJob && ['Attempt', `${run.attempt} of ${run.attempts}`],
    run.worker !== null && [
      'Worker',
      <PlaceLink key="worker" noun="worker" name={run.worker}>
        {workerName(run.worker)}
      </PlaceLink>,
    ],
    ['Created', <Time key="created" at={run.createdAt} as="absolute" />],
    ['Began', <Time key="began" at={run.startedAt} as="absolute" />],
    closed && ['Closed', <Time key="closed" at={run.closedAt} as="absolute" />],
    isJob && ['Waited', <Duration key="waited" from={run.createdAt} to={waited} />],
    ['Took', <Duration key="took" from={run.startedAt} to={run.closedAt} />],
    !closed && run.nextAt !== null && [NEXT[run.state] ?? 'Next', <Time key="next" at={run.nextAt} />],
  ]
  return (
    <Panel title="Facts">
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        {facts
          .filter(fact => fact !== false)
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-soft">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ))}
        {tags.length > 0 && (
          <>
            <dt className="text-soft">Tags</dt>
            <dd className="flex min-w-0 flex-wrap gap-x-3">
              {tags.map(([name, value]) => (
                <Link key={name} to="/runs" search={{ tag: [`${name}:${value}`] }} className={LINK}>
                  {name}:{value}
                </Link>
              ))}
            </dd>
          </>
        )}
      </dl>
    </Panel>
  )
}
