import { useMemo } from 'react'
import type { RunDetail } from '../../api/client.ts'
import type { DagTask } from '../../api/dags.ts'
import { useNow } from '../../format/clock.ts'
import { durationText } from '../../format/time.ts'
import { badgeOf, itemsText, partsOf } from '../../parts/dag/words.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { SplitBar } from '../../parts/meter.tsx'
import { RunLink } from '../../parts/run-link.tsx'
import { StateBadge, stateColor } from '../../parts/state-badge.tsx'
import { Duration } from '../../parts/time.tsx'

/** So many are seen without scrolling; more are drawn where one looks. */
const SEEN_MAX = 14

/** Each task of a run: how it stands, when it ran within the run, and its run. */
export function TaskTable({ run, tasks, onPick }: { run: RunDetail; tasks: readonly DagTask[]; onPick(task: string): void }) {
  const { startedAt, createdAt, closedAt } = run
  const columns = useMemo(() => columnsFor(startedAt ?? createdAt, closedAt), [startedAt, createdAt, closedAt])
  return (
    <div
      className="flex flex-col rounded border border-line bg-surface"
      style={{ height: Math.min(tasks.length, SEEN_MAX) * 36 + 34, minHeight: 190 }}
    >
      <DataTable label="Tasks" rows={tasks} columns={columns} rowKey={({ task }) => task} onOpen={({ task }) => onPick(task)} />
    </div>
  )
}

function columnsFor(from: string, to: string | null): readonly Column<DagTask>[] {
  return [
    { id: 'task', header: 'Task', width: 'minmax(140px, 2fr)', card: 'title', className: 'font-mono text-small', cell: ({ task }) => task },
    { id: 'state', header: 'State', width: '140px', card: 'end', cell: ({ state }) => <StateBadge state={badgeOf(state)} /> },
    {
      id: 'items',
      header: 'Items',
      width: 'minmax(110px, 1fr)',
      priority: 2,
      cell: ({ task, items }) =>
        items !== null && (
          <span className="flex items-center gap-2">
            <SplitBar label={`Items of ${task}`} parts={partsOf(items)} height={6} />
            <span className="numeric shrink-0 text-small text-soft">{itemsText(items)}</span>
          </span>
        ),
    },
    {
      id: 'rule',
      header: 'Rule',
      width: 'minmax(110px, 1fr)',
      priority: 3,
      card: 'none',
      className: 'text-small text-soft',
      cell: ({ rule }) => rule,
    },
    {
      id: 'when',
      header: 'When, within the run',
      width: 'minmax(160px, 3fr)',
      priority: 2,
      card: 'none',
      cell: task => <Bar task={task} from={from} to={to} />,
    },
    {
      id: 'took',
      header: 'Took',
      width: '80px',
      align: 'end',
      className: 'text-right',
      cell: ({ startedAt, closedAt, state, cached }) =>
        startedAt === null ? (
          <span className="text-soft">{cached > 0 ? 'kept' : '–'}</span>
        ) : closedAt === null && state !== 'started' ? (
          <span className="text-soft">–</span>
        ) : (
          <Duration from={startedAt} to={closedAt} />
        ),
    },
    { id: 'run', header: 'Run', width: '60px', align: 'end', className: 'text-right', cell: ({ run }) => run !== null && <RunLink run={run} /> },
  ]
}

/** Its place in the time of the whole run. */
function Bar({ task: { task, startedAt, closedAt, state }, from, to }: { task: DagTask; from: string; to: string | null }) {
  const now = useNow()
  if (startedAt === null) return null
  const begin = Date.parse(from)
  const whole = Math.max(1, (to === null ? now : Date.parse(to)) - begin)
  const at = Math.min(1, Math.max(0, (Date.parse(startedAt) - begin) / whole))
  const end = closedAt === null ? 1 : Math.min(1, Math.max(at, (Date.parse(closedAt) - begin) / whole))
  return (
    <span
      className="relative block h-3 w-full rounded-small bg-hover"
      role="img"
      aria-label={`${task} began ${durationText(at * whole)} after the run`}
    >
      <span
        className="absolute inset-y-0 min-w-0.5 rounded-small"
        style={{ left: `${at * 100}%`, width: `${(end - at) * 100}%`, background: stateColor(badgeOf(state)) }}
      />
    </span>
  )
}
