import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import type { HistoryEvent, RunDetail } from '../api/client.ts'
import { HISTORY_PAGE, useHistory } from '../api/history.ts'
import { useNamespace } from '../api/namespace.ts'
import { explainQuery, runQuery } from '../api/runs.ts'
import { Page } from '../app/page.tsx'
import { present } from '../app/search.ts'
import { shortId } from '../format/id.ts'
import { countText } from '../format/number.ts'
import { useCommand } from '../parts/commands.ts'
import { StateBadge } from '../parts/state-badge.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { RunActions } from './actions/actions.tsx'
import { DagTasks } from './dag/tasks.tsx'
import { RunData } from './data.tsx'
import { Explain } from './explain.tsx'
import { DefinitionHeading, ProgressBar, RunLine } from './header.tsx'
import { RunHistory } from './history.tsx'
import { Logs } from './logs/logs.tsx'
import { MissingRun } from './missing.tsx'
import { Overview } from './overview.tsx'
import { useWorkerName } from './queries.ts'
import { firstTab, type RunSearch, type RunTab, TABS } from './search.ts'
import { Timeline } from './timeline/timeline.tsx'
import { Verdict } from './verdict.tsx'

const route = getRouteApi('/runs/$run')

/** One run: what it is, what keeps it or ended it, where its time went, and all that it said. The address takes any ending of its id. */
export function RunPage() {
  const { run: ending } = route.useParams()
  const namespace = useNamespace()
  const found = useQuery(runQuery(namespace, ending))
  // The feed speaks of whole ids, so what is shown is kept under one.
  const id = found.data?.id ?? ending
  const whole = useQuery({ ...runQuery(namespace, id), enabled: found.data !== undefined, ...(found.data && { initialData: found.data }) })
  const run = whole.data ?? found.data
  if (run !== undefined) return <KnownRun key={run.id} namespace={namespace} run={run} />
  if (found.isError) return <MissingRun namespace={namespace} ending={ending} error={found.error} retry={() => void found.refetch()} />
  return (
    <Page title={`Run ${shortId(ending)}`}>
      <Skeleton lines={10} />
    </Page>
  )
}

const TAB_NAMES: Record<RunTab, string> = {
  tasks: 'Tasks',
  overview: 'Overview',
  logs: 'Logs',
  history: 'History',
  data: 'Input and output',
  explain: 'Explain',
}

const NONE: readonly HistoryEvent[] = []

function KnownRun({ namespace, run }: { namespace: string; run: RunDetail }) {
  const { namespace: _, ...search } = route.useSearch()
  const navigate = useNavigate()
  const explanation = useQuery(explainQuery(namespace, run.id))
  const history = useHistory(namespace, run.id)
  const workerName = useWorkerName(namespace)
  const first = firstTab(run)
  const isShown = (name: RunTab): boolean => name !== 'tasks' || run.kind === 'dag'
  const tab = search.tab !== undefined && isShown(search.tab) ? search.tab : first
  const events = history.data?.events ?? NONE
  const total = history.data?.total ?? 0
  // A job has few events, or many reports: its attempts lie among all of them. Of a workflow the newest show what it does.
  const newest = useMemo(() => (run.kind === 'job' ? events : events.slice(-HISTORY_PAGE)), [run.kind, events])
  const { mutate: earlier, isIdle, isSuccess } = history.earlier
  const isCut = run.kind === 'job' && events.length < total && (isIdle || isSuccess)
  useEffect(() => {
    if (isCut) earlier()
  }, [isCut, earlier])
  const to = (change: Partial<RunSearch>, replace: boolean): void =>
    void navigate({
      to: '.',
      search: before => present(clean({ ...(before as RunSearch), ...change }, first)),
      replace,
      hash: change.tab === undefined ? true : '',
    })
  // Text and switches change what is shown at once: back leads to the tab before, not to the letter before.
  const onSearch = (change: Partial<RunSearch>): void => to(change, true)
  const onTab = (next: string): void => to({ tab: next as RunTab, find: undefined }, false)
  const onAttempt = (attempt: number): void =>
    to({ tab: 'logs', attempt: search.attempt === attempt && tab === 'logs' ? undefined : attempt }, tab === 'logs')
  return (
    <Page
      title={`${run.definition} ${shortId(run.id)}`}
      heading={<DefinitionHeading run={run} badge={<StateBadge state={run.state} reason={run.reason === run.state ? null : run.reason} />} />}
      actions={<RunActions namespace={namespace} run={run} />}
    >
      {TABS.filter(isShown).map((name, index) => (
        <TabKey key={name} label={TAB_NAMES[name]} digit={index + 1} onPress={() => onTab(name)} />
      ))}
      <RunLine run={run} />
      <Verdict run={run} explanation={explanation} events={events} />
      <ProgressBar run={run} />
      {/* A DAG has no attempts of its own: its tasks' table shows when each ran. */}
      {history.data !== undefined && run.kind !== 'dag' && (
        <Timeline
          run={run}
          events={newest}
          isWhole={newest.length === total}
          explanation={explanation.data}
          rows={tab === first}
          workerName={workerName}
          attempt={tab === 'logs' ? search.attempt : undefined}
          onAttempt={onAttempt}
          toScale={search.scale === 'true'}
          onScale={toScale => onSearch({ scale: toScale ? 'true' : undefined })}
        />
      )}
      <Tabs
        label="About this run"
        value={tab}
        onChange={onTab}
        tabs={[
          ...(run.kind === 'dag'
            ? [
                {
                  value: 'tasks',
                  label: TAB_NAMES.tasks,
                  content: <DagTasks namespace={namespace} run={run} search={search} onSearch={onSearch} />,
                },
              ]
            : []),
          {
            value: 'overview',
            label: TAB_NAMES.overview,
            content: <Overview namespace={namespace} run={run} events={events} first={total - events.length} workerName={workerName} />,
          },
          {
            value: 'logs',
            label: TAB_NAMES.logs,
            content: <Logs namespace={namespace} run={run} events={events} search={search} onSearch={onSearch} workerName={workerName} />,
          },
          {
            value: 'history',
            label: <Counted name={TAB_NAMES.history} count={total} />,
            content:
              history.data === undefined ? (
                history.isError ? (
                  <ErrorState error={history.error} retry={() => void history.refetch()} />
                ) : (
                  <Skeleton lines={6} />
                )
              ) : (
                <RunHistory
                  namespace={namespace}
                  run={run}
                  history={history.data}
                  earlier={history.earlier}
                  workerName={workerName}
                  search={search}
                  onSearch={onSearch}
                />
              ),
          },
          { value: 'data', label: TAB_NAMES.data, content: <RunData namespace={namespace} run={run} /> },
          {
            value: 'explain',
            label: <Counted name={TAB_NAMES.explain} count={explanation.data?.reasons.length ?? 0} />,
            content: <Explain namespace={namespace} run={run} explanation={explanation} />,
          },
        ]}
      />
    </Page>
  )
}

function TabKey({ label, digit, onPress }: { label: string; digit: number; onPress(): void }) {
  useCommand({ label: `Show ${label}`, group: 'This page', keys: String(digit), run: onPress })
  return null
}

function Counted({ name, count }: { name: string; count: number }) {
  return (
    <>
      {name}
      {count > 0 && <span className="numeric text-small font-normal text-soft">{countText(count)}</span>}
    </>
  )
}

/** What comes first is what one sees without a word in the address. */
function clean(search: RunSearch, first: RunTab): RunSearch {
  return { ...search, tab: search.tab === first ? undefined : search.tab }
}
