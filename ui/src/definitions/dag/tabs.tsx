import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { DagGraph, DagGridRun } from '../../api/dags.ts'
import type { DefinitionDetail } from '../../api/work.ts'
import { usePreferences } from '../../format/preferences.ts'
import { shortTime } from '../../format/time.ts'
import { LINK } from '../../parts/classes.ts'
import { commandText } from '../../parts/command.tsx'
import { badgeOf, stateOf } from '../../parts/dag/words.ts'
import { RunLink } from '../../parts/run-link.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { useGrid } from './data.ts'
import { DagGrid } from './grid.tsx'

const route = getRouteApi('/definitions/$name')
const DagGraphView = lazy(() => import('../../parts/dag/graph.tsx'))

/** How the tasks of a DAG stood in its newest runs. */
export function GridTab({ namespace, definition: { name } }: { namespace: string; definition: DefinitionDetail }) {
  const { grid, newest, runs, graphs, numbers } = useGrid(namespace, name)
  const failed = grid.isError ? grid : newest
  if (grid.data === undefined || newest.data === undefined)
    return failed.isError ? <ErrorState error={failed.error} retry={() => void failed.refetch()} /> : <Skeleton lines={12} />
  if (runs.length === 0) return <NotRun namespace={namespace} name={name} />
  const more = (): void => void (grid.hasNextPage && !grid.isFetching && grid.fetchNextPage())
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <p className="text-small text-soft">
        Newest runs first; a column is a run, its bar how long it took. Enter or a click opens the task in its run; <kbd>r</kbd> asks to run it again.
      </p>
      <DagGrid namespace={namespace} newest={newest.data} graphs={graphs} numbers={numbers} runs={runs} onEnd={more} />
    </div>
  )
}

/** Who waits for whom in the newest version, and how that stands in its newest run. */
export function GraphTab({ namespace, definition: { name } }: { namespace: string; definition: DefinitionDetail }) {
  const navigate = useNavigate()
  const { zone } = usePreferences()
  const { task: picked } = route.useSearch()
  const { newest, runs } = useGrid(namespace, name)
  if (newest.data === undefined)
    return newest.isError ? <ErrorState error={newest.error} retry={() => void newest.refetch()} /> : <Skeleton lines={12} />
  const run = runs.find(({ version }) => version === newest.data.version)
  const number = newest.data.tasks.findIndex(({ task }) => task === picked)
  const pick = (task: string | undefined): void =>
    void navigate({ to: '/definitions/$name', params: { name }, search: { tab: 'graph', ...(task !== undefined && { task }) }, replace: true })
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <p className="flex flex-wrap items-center gap-x-2 text-small text-soft">
        {run === undefined ? (
          'No run of this version yet.'
        ) : (
          <>
            As it stands in <RunLink run={run.run} /> for {shortTime(run.nominalTime, zone)} <StateBadge state={run.state} />
          </>
        )}
      </p>
      {number >= 0 && <Picked graph={newest.data} number={number} run={run} />}
      <Suspense fallback={<Skeleton lines={10} />}>
        <DagGraphView
          graph={newest.data}
          standing={run === undefined ? null : n => ({ state: stateOf(run.tasks[n]), counts: run.items[String(n)] ?? null })}
          picked={picked}
          onPick={pick}
        />
      </Suspense>
    </div>
  )
}

/** Of the task that is picked: what does it, when, and how it stands. */
function Picked({ graph, number, run }: { graph: DagGraph; number: number; run: DagGridRun | undefined }) {
  const { task, job, rule } = graph.tasks[number] as DagGraph['tasks'][number]
  return (
    <p role="status" className="flex flex-wrap items-center gap-x-3">
      <code>{task}</code>
      {run !== undefined && <StateBadge state={badgeOf(stateOf(run.tasks[number]))} />}
      <span className="text-soft">
        {job === null ? 'others meet there' : `does ${job}`}, {rule}
      </span>
      {run !== undefined && (
        <Link to="/runs/$run" params={{ run: run.run }} search={{ task }} className={LINK}>
          in its run
        </Link>
      )}
    </p>
  )
}

function NotRun({ namespace, name }: { namespace: string; name: string }) {
  return (
    <EmptyState icon="runs" title="It has not run yet" command={commandText(namespace, 'start', name)}>
      Each run becomes a column here, each task a line.
    </EmptyState>
  )
}
