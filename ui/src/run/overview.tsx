import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import type { HistoryEvent, RunDetail } from '../api/client.ts'
import { isClosed } from '../api/runs.ts'
import { shortId } from '../format/id.ts'
import { JsonView } from '../parts/json-view.tsx'
import { Panel } from '../parts/panel.tsx'
import { RunFacts } from './facts.tsx'
import { FailureView } from './failure.tsx'
import { keptIn, LargeResult } from './files/kept.tsx'
import { LINK } from './links.tsx'
import { Related } from './related.tsx'
import type { RunTab } from './search.ts'
import { WorkflowPanel } from './workflow/panel.tsx'

/** Of the few runs that have some. */
const Artifacts = lazy(() => import('./artifacts/artifacts.tsx'))
const Files = lazy(() => import('./files/files.tsx'))
const Streams = lazy(() => import('./streams/streams.tsx'))
/** For workflows alone. */
const StoryPanel = lazy(() => import('./workflow/story-panel.tsx'))

interface OverviewProps {
  namespace: string
  run: RunDetail
  events: readonly HistoryEvent[]
  /** The number of the first of them. */
  first: number
  workerName(id: string): string
}

/** What one wants to know first: the error or the result, what it was given, and where it belongs. */
export function Overview({ namespace, run, events, first, workerName }: OverviewProps) {
  const name = `${run.definition}-${shortId(run.id)}`
  const kept = keptIn(run.output)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_340px] items-start gap-4 max-lg:grid-cols-1">
      <div className="flex min-w-0 flex-col gap-4">
        {run.failure !== null && (
          <Panel title={isClosed(run.state) ? 'Error' : 'Error of the last attempt'} aside={<ToTab tab="logs">Logs</ToTab>}>
            <FailureView failure={run.failure} />
          </Panel>
        )}
        {run.state === 'completed' && run.output !== null && (
          <Panel title="Output" aside={<ToTab tab="data">All data</ToTab>}>
            {kept === null ? (
              <JsonView value={run.output} name={`${name}-output`} label="Output" />
            ) : (
              <LargeResult namespace={namespace} run={run.id} name={`${name}-output.json`} kept={kept} />
            )}
          </Panel>
        )}
        {run.artifacts !== undefined && (
          <Suspense>
            <Artifacts namespace={namespace} run={run} artifacts={run.artifacts} />
          </Suspense>
        )}
        {run.files !== undefined && (
          <Suspense>
            <Files namespace={namespace} run={run} />
          </Suspense>
        )}
        {run.streams !== undefined && (
          <Suspense>
            <Streams namespace={namespace} run={run} streams={run.streams} />
          </Suspense>
        )}
        {run.workflow && <WorkflowPanel namespace={namespace} run={run} workflow={run.workflow} />}
        {run.workflow && (
          <Suspense>
            <StoryPanel events={events} first={first} />
          </Suspense>
        )}
        <Panel title="Input" aside={<ToTab tab="data">All data</ToTab>}>
          {run.input === null ? (
            <p className="text-soft">It was started without an input.</p>
          ) : (
            <JsonView value={run.input} name={`${name}-input`} label="Input" />
          )}
        </Panel>
        <Related namespace={namespace} run={run} />
      </div>
      <RunFacts run={run} workerName={workerName} />
    </div>
  )
}

function ToTab({ tab, children }: { tab: RunTab; children: ReactNode }) {
  return (
    <Link to="." search={before => ({ ...before, tab })} className={`text-small ${LINK}`}>
      {children}
    </Link>
  )
}
