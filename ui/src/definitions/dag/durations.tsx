import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type DagTaskDurations, durationsQuery } from '../../api/dags.ts'
import type { DefinitionDetail } from '../../api/work.ts'
import { countText } from '../../format/number.ts'
import { durationText } from '../../format/time.ts'
import { Chart, type Series } from '../../parts/chart.tsx'
import { commandText } from '../../parts/command.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Figure, Figures } from '../../parts/figures.tsx'
import { Panel } from '../../parts/panel.tsx'
import { stateColor } from '../../parts/state-badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { chartOf } from './course.ts'

const route = getRouteApi('/definitions/$name')
/** So many tasks are seen without scrolling. */
const SEEN_MAX = 14

/** How long its newest closed runs took, and which of its tasks; one that is picked stands beside the run in the chart. */
export function DurationsTab({ namespace, definition: { name } }: { namespace: string; definition: DefinitionDetail }) {
  const navigate = useNavigate()
  const { task: picked } = route.useSearch()
  const all = useQuery(durationsQuery(namespace, name, null))
  const one = useQuery({ ...durationsQuery(namespace, name, picked ?? null), enabled: picked !== undefined, placeholderData: before => before })
  const columns = useMemo(() => columnsFor(all.data?.tasks ?? []), [all.data])
  const tasks = useMemo(() => [...(all.data?.tasks ?? [])].sort((a, b) => b.p50 - a.p50), [all.data])
  const pick = (task: string | undefined): void =>
    void navigate({ to: '/definitions/$name', params: { name }, search: { tab: 'durations', ...(task !== undefined && { task }) }, replace: true })
  if (all.data === undefined) return all.isError ? <ErrorState error={all.error} retry={() => void all.refetch()} /> : <Skeleton lines={12} />
  const { runs, runMs, tasksOf } = all.data
  if (runMs === null)
    return (
      <EmptyState icon="clock" title="None of its runs has closed yet" command={commandText(namespace, 'start', name)}>
        How long they take stands here then, and which of their tasks take most of it.
      </EmptyState>
    )
  const usual = picked === undefined ? undefined : all.data.tasks.find(({ task }) => task === picked)
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <Figures>
        <Figure label="Half take less than" value={durationText(runMs.p50)} note="median of the runs" />
        <Figure label="19 of 20 take less than" value={durationText(runMs.p95)} note="p95 of the runs" />
        <Figure label="Runs" value={countText(runs.length)} note="the newest that have closed" />
        {usual !== undefined && <Figure label={usual.task} value={durationText(usual.p50)} note={`median; p95 ${durationText(usual.p95)}`} />}
      </Figures>
      <Course name={name} runs={(picked === undefined ? all.data : (one.data ?? all.data)).runs} runMs={runMs} usual={usual} />
      <Panel
        title="Tasks"
        padded={false}
        aside={
          tasksOf < runs.length && <span className="text-small">of the newest {countText(tasksOf)} runs: more than that is not read at once</span>
        }
      >
        <div className="flex flex-col" style={{ height: Math.min(tasks.length, SEEN_MAX) * 36 + 34, minHeight: 120 }}>
          <DataTable
            label="How long tasks took"
            rows={tasks}
            columns={columns}
            rowKey={({ task }) => task}
            onOpen={({ task }) => pick(task === picked ? undefined : task)}
            empty={<EmptyState small title="None of its tasks ran" />}
          />
        </div>
      </Panel>
    </div>
  )
}

interface CourseProps {
  name: string
  runs: Parameters<typeof chartOf>[0]
  runMs: { p50: number; p95: number }
  usual: DagTaskDurations | undefined
}

/** The runs one after the other, with what is usual of them; and the task that is picked. */
function Course({ name, runs, runMs, usual }: CourseProps) {
  const { times, ran, task } = useMemo(() => chartOf(runs), [runs])
  if (times.length < 2) return null
  const flat = (value: number): number[] => times.map(() => value)
  const color = { run: stateColor('running'), task: stateColor('completed') }
  const series: Series[] = [
    { label: 'run', color: color.run, values: ran },
    { label: 'p50', color: stateColor('cancelled'), values: flat(runMs.p50), dashed: true },
    { label: 'p95', color: stateColor('paused'), values: flat(runMs.p95), dashed: true },
    ...(usual === undefined ? [] : [{ label: usual.task, color: color.task, values: task }]),
  ]
  return (
    <Panel title="Run by run">
      <Chart
        label={`How long the newest runs of ${name} took${usual === undefined ? '' : `, and their ${usual.task}`}`}
        times={times}
        series={series}
        format={durationText}
      />
    </Panel>
  )
}

function columnsFor(tasks: readonly DagTaskDurations[]): readonly Column<DagTaskDurations>[] {
  const longest = tasks.reduce((most, { p50 }) => Math.max(most, p50), 1)
  const ms = (id: 'p50' | 'p95' | 'lastMs', header: string): Column<DagTaskDurations> => ({
    id,
    header,
    width: '90px',
    align: 'end',
    className: 'numeric text-right',
    cell: row => durationText(row[id]),
  })
  return [
    { id: 'task', header: 'Task', width: 'minmax(140px, 2fr)', card: 'title', className: 'font-mono text-small', cell: ({ task }) => task },
    {
      id: 'bar',
      header: 'Median beside the others',
      width: 'minmax(120px, 3fr)',
      priority: 2,
      card: 'none',
      cell: ({ p50 }) => (
        <span aria-hidden="true" className="block h-2 w-full rounded-full bg-hover">
          <span className="block h-full min-w-0.5 rounded-full bg-running" style={{ width: `${(p50 / longest) * 100}%` }} />
        </span>
      ),
    },
    ms('p50', 'Median'),
    ms('p95', 'p95'),
    ms('lastMs', 'Last'),
    { id: 'runs', header: 'Runs', width: '60px', align: 'end', priority: 3, className: 'numeric text-right', cell: ({ runs }) => countText(runs) },
  ]
}
