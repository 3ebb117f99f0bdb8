import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { graphQuery, tasksQuery } from '../../api/dags.ts'
import { isClosed } from '../../api/runs.ts'
import { shortId } from '../../format/id.ts'
import { AsCommand, commandText } from '../../parts/command.tsx'
import { partsOf } from '../../parts/dag/words.ts'
import { SplitBar } from '../../parts/meter.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { Views } from '../../parts/views.tsx'
import type { RunSearch } from '../search.ts'
import { TaskTable } from './table.tsx'
import { TaskPanel } from './task-panel.tsx'

/** With its library: when it is looked at. */
const DagGraphView = lazy(() => import('../../parts/dag/graph.tsx'))

export interface DagTasksProps {
  namespace: string
  run: RunDetail
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
}

/** The tasks of a DAG's run, as a table with what each took, or as a graph; and what is to know of the one that is picked. */
export function DagTasks({ namespace, run, search: { view = 'table', task: picked }, onSearch }: DagTasksProps) {
  const tasks = useQuery({ ...tasksQuery(namespace, run.id), refetchInterval: isClosed(run.state) ? false : 5_000 })
  const { data } = tasks
  const graph = useQuery({ ...graphQuery(namespace, run.definition, data?.version ?? null), enabled: data !== undefined && view === 'graph' })
  if (data === undefined) return tasks.isError ? <ErrorState error={tasks.error} retry={() => void tasks.refetch()} /> : <Skeleton lines={8} />
  const counts: Record<string, number> = {}
  for (const { state } of data.tasks) counts[state] = (counts[state] ?? 0) + 1
  const pick = (task: string | undefined): void => onSearch({ task })
  const known = data.tasks.find(({ task }) => task === picked)
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Views
          label="How the tasks are shown"
          value={view}
          onChange={next => onSearch({ view: next === 'table' ? undefined : next })}
          views={[
            { value: 'table', label: 'Table' },
            { value: 'graph', label: 'Graph' },
          ]}
        />
        <span className="min-w-24 max-w-80 grow">
          <SplitBar label="Tasks" parts={partsOf(counts)} height={6} />
        </span>
        <span className="numeric text-small text-soft">
          {partsOf(counts)
            .map(({ word, count }) => `${count} ${word}`)
            .join(', ')}
        </span>
        <span className="ml-auto text-soft max-sm:ml-0">
          <AsCommand text={commandText(namespace, 'dag', 'tasks', shortId(run.id))} />
        </span>
      </div>
      {known !== undefined && <TaskPanel key={known.task} namespace={namespace} task={known} onClose={() => pick(undefined)} />}
      {view === 'table' ? (
        <TaskTable run={run} tasks={data.tasks} onPick={pick} />
      ) : graph.data === undefined ? (
        graph.isError ? (
          <ErrorState error={graph.error} retry={() => void graph.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )
      ) : (
        <Suspense fallback={<Skeleton lines={8} />}>
          <DagGraphView
            graph={graph.data}
            standing={n => ({ state: data.tasks[n]?.state ?? 'waiting', counts: data.tasks[n]?.items ?? null })}
            picked={picked}
            onPick={pick}
          />
        </Suspense>
      )}
    </div>
  )
}
