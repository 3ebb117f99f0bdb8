import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { type DagGraph, type DagTask, graphQuery, tasksQuery } from '../../api/dags.ts'
import { isClosed } from '../../api/runs.ts'
import { useNow } from '../../format/clock.ts'
import { shortId } from '../../format/id.ts'
import { AsCommand, commandText } from '../../parts/command.tsx'
import { criticalPath, timesOf } from '../../parts/dag/times.ts'
import { partsOf } from '../../parts/dag/words.ts'
import { SplitBar } from '../../parts/meter.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { Views } from '../../parts/views.tsx'
import type { RunSearch } from '../search.ts'
import { CriticalLine } from './critical.tsx'
import { TaskTable } from './table.tsx'
import { TaskPanel } from './task-panel.tsx'

/** When they are looked at, the graph with its library. */
const DagGraphView = lazy(() => import('../../parts/dag/graph.tsx'))
const Gantt = lazy(() => import('./gantt.tsx'))

export interface DagTasksProps {
  namespace: string
  run: RunDetail
  search: RunSearch
  onSearch(change: Partial<RunSearch>): void
}

/** The tasks of a DAG's run, as a table with what each took, on the axis of time, or as a graph; and what is to know of the one that is picked. */
export function DagTasks({ namespace, run, search, onSearch }: DagTasksProps) {
  const { view = 'table', task: picked } = search
  const tasks = useQuery({ ...tasksQuery(namespace, run.id), refetchInterval: isClosed(run.state) ? false : 5_000 })
  const { data } = tasks
  const graph = useQuery({ ...graphQuery(namespace, run.definition, data?.version ?? null), enabled: data !== undefined && view !== 'table' })
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
            { value: 'gantt', label: 'Gantt' },
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
      {known !== undefined && (
        <TaskPanel
          key={known.task}
          namespace={namespace}
          of={run}
          task={known}
          beside={besideOf(known, data.tasks)}
          onClose={() => pick(undefined)}
        />
      )}
      {view === 'table' ? (
        <TaskTable run={run} tasks={data.tasks} onPick={pick} />
      ) : graph.data === undefined ? (
        graph.isError ? (
          <ErrorState error={graph.error} retry={() => void graph.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )
      ) : (
        <Timed {...{ namespace, run, search, onSearch, pick }} graph={graph.data} tasks={data.tasks} />
      )}
    </div>
  )
}

interface TimedProps extends DagTasksProps {
  graph: DagGraph
  tasks: readonly DagTask[]
  pick(task: string | undefined): void
}

/** With what took the run so long: when each task waited and ran, and the longest chain of them. */
function Timed({ namespace, run, search: { view, task: picked, scale }, onSearch, graph, tasks, pick }: TimedProps) {
  const tick = useNow()
  const begin = Date.parse(run.startedAt ?? run.createdAt)
  const end = Math.max(begin, run.closedAt === null ? tick : Date.parse(run.closedAt))
  const times = useMemo(() => timesOf(graph.tasks, tasks, begin), [graph, tasks, begin])
  const path = useMemo(() => criticalPath(times, end), [times, end])
  return (
    <>
      <CriticalLine path={path} nameOf={n => graph.tasks[n]?.task as string} onPick={pick} />
      <Suspense fallback={<Skeleton lines={8} />}>
        {view === 'gantt' ? (
          <Gantt
            {...{ namespace, run, graph, tasks, times, path, begin, end, picked }}
            onPick={pick}
            toScale={scale === 'true'}
            onScale={toScale => onSearch({ scale: toScale ? 'true' : undefined })}
          />
        ) : (
          <DagGraphView
            graph={graph}
            standing={n => ({ state: tasks[n]?.state ?? 'waiting', counts: tasks[n]?.items ?? null })}
            critical={path}
            picked={picked}
            onPick={pick}
          />
        )}
      </Suspense>
    </>
  )
}

/** The others of its mapped group that have items. */
function besideOf({ task, mappedGroup }: DagTask, tasks: readonly DagTask[]): DagTask[] {
  return mappedGroup === null ? [] : tasks.filter(other => other.mappedGroup === mappedGroup && other.task !== task && other.strip !== null)
}
