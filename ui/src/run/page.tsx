import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useNamespace } from '../api/namespace.ts'
import { explainQuery, historyQuery, isClosed, runQuery } from '../api/runs.ts'
import { Page } from '../app/page.tsx'
import { shortId } from '../format/id.ts'
import { commandText } from '../parts/command.tsx'
import { RunId } from '../parts/copy.tsx'
import { Panel } from '../parts/panel.tsx'
import { Reasons } from '../parts/reasons.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../parts/states.tsx'
import { RunActions } from './actions.tsx'
import { RunFacts } from './facts.tsx'
import { RunHistory } from './history.tsx'

const route = getRouteApi('/runs/$run')

/** One run: what it is, why it waits or what ended it, and what has happened. The address takes any ending of its id. */
export function RunPage() {
  const { run: ending } = route.useParams()
  const namespace = useNamespace()
  const found = useQuery(runQuery(namespace, ending))
  // The feed speaks of whole ids, so what is shown is kept under one.
  const id = found.data?.id ?? ending
  const whole = useQuery({ ...runQuery(namespace, id), enabled: found.data !== undefined, ...(found.data && { initialData: found.data }) })
  const explanation = useQuery({ ...explainQuery(namespace, id), enabled: found.data !== undefined })
  const history = useQuery({ ...historyQuery(namespace, id), enabled: found.data !== undefined })
  const run = whole.data ?? found.data
  if (run === undefined)
    return (
      <Page title={`Run ${shortId(ending)}`}>
        {found.isError ? <ErrorState error={found.error} retry={() => void found.refetch()} /> : <Skeleton lines={10} />}
      </Page>
    )
  return (
    <Page
      title={`${run.definition} ${shortId(run.id)}`}
      heading={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {run.definition} <StateBadge state={run.state} reason={run.reason} />
        </span>
      }
      actions={<RunActions key={run.id} namespace={namespace} run={run} />}
    >
      <div className="-mt-3 text-soft">
        <RunId id={run.id} whole copy />
      </div>
      <RunFacts run={run} />
      {run.failure && (
        <Panel title="Failure">
          <pre className="max-h-80 overflow-auto whitespace-pre-wrap break-words">
            {run.failure.stack ?? `${run.failure.type}: ${run.failure.message}`}
          </pre>
        </Panel>
      )}
      <Panel title={isClosed(run.state) ? 'What ended it' : 'Why it does not run'}>
        {explanation.isPending ? (
          <Skeleton lines={2} />
        ) : explanation.isError ? (
          <ErrorState error={explanation.error} retry={() => void explanation.refetch()} />
        ) : explanation.data.reasons.length > 0 ? (
          <Reasons reasons={explanation.data.reasons} />
        ) : (
          <p className="text-soft">Nothing stands in its way.</p>
        )}
      </Panel>
      <Panel title="History" padded={false}>
        {history.isPending ? (
          <Skeleton lines={4} />
        ) : history.isError ? (
          <ErrorState error={history.error} retry={() => void history.refetch()} />
        ) : history.data.events.length === 0 ? (
          <EmptyState title="Nothing has happened yet" command={commandText(namespace, 'show', shortId(id))} />
        ) : (
          <RunHistory events={history.data.events} />
        )}
      </Panel>
    </Page>
  )
}
