import { useQueries } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffectEvent, useId, useMemo, useRef, useState } from 'react'
import type { RunDetail } from '../../api/client.ts'
import { type DagGraph, type DagItem, type DagTask, ITEMS_PAGE, itemsQuery } from '../../api/dags.ts'
import { durationText } from '../../format/time.ts'
import { counted } from '../../format/word.ts'
import type { CriticalPath, TaskTimes } from '../../parts/dag/times.ts'
import { useWidth } from '../../parts/use-width.ts'
import { Axis } from '../timeline/axis.tsx'
import { slicesOf } from '../timeline/scale.ts'
import { GanttLine } from './gantt-line.tsx'
import { type GanttRow, ganttRows, type Items, stretchesOf } from './gantt-rows.ts'

const ROW = 28
const HEAD = 32
/** More than these are drawn where one looks; so many rows are seen without scrolling. */
const SEEN_MAX = 22
const NAMES = { wide: 232, narrow: 128 } as const
const NARROW = 640

export interface GanttProps {
  namespace: string
  run: RunDetail
  graph: DagGraph
  tasks: readonly DagTask[]
  times: readonly TaskTimes[]
  path: CriticalPath
  /** When its tasks could begin, and until when it goes: its end, or now. */
  begin: number
  end: number
  picked: string | undefined
  onPick(task: string): void
  toScale: boolean
  onScale(toScale: boolean): void
}

/**
 * When each task waited and ran, on the axis of all runs. Groups begin folded, a mapped task is one bar until it is opened. One stop of the keyboard: arrows move, right
 * and left open and fold, Enter opens the task, or the run of an item.
 */
export default function Gantt({ namespace, run, graph, tasks, times, path, begin, end, picked, onPick, toScale, onScale }: GanttProps) {
  const id = useId()
  const navigate = useNavigate()
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const names = width > 0 && width < NARROW ? NAMES.narrow : NAMES.wide
  const track = Math.max(80, width - names - 24)
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => new Set(graph.groups.map(({ group }) => group)))
  const [pages, setPages] = useState<ReadonlyMap<string, number>>(new Map())
  const items = useItems(namespace, run.id, pages)
  const rows = useMemo(() => ganttRows(graph, tasks, times, { folded, items }), [graph, tasks, times, folded, items])
  // The end moves each second while it goes on; what ran until then stays where it was.
  const stretches = useMemo(() => stretchesOf(graph, times, begin, end), [graph, times, begin, end])
  const slices = useMemo(() => slicesOf(stretches, track, toScale), [stretches, track, toScale])
  const critical = useMemo(() => new Map(path.tasks.map(task => [task.n, task])), [path])
  const [at, setAt] = useState(0)
  const current = Math.min(at, rows.length - 1)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: index => rows[index]?.key ?? index,
    overscan: 6,
    paddingStart: HEAD,
    scrollPaddingStart: HEAD,
  })
  const turn = (row: GanttRow, open: boolean): void => {
    if (row.is === 'group') setFolded(before => withOne(before, row.label, !open))
    else
      setPages(before => {
        const next = new Map(before)
        if (open) next.set(row.label, 1)
        else next.delete(row.label)
        return next
      })
  }
  const act = useEffectEvent((row: GanttRow, turns: boolean): void => {
    const task = graph.tasks[row.tasks[0] ?? -1]?.task ?? row.label
    if (row.is === 'more') setPages(before => new Map(before).set(task, (before.get(task) ?? 0) + 1))
    else if (row.is === 'group' || turns) turn(row, row.open === false)
    else if (row.is === 'item' && row.run !== null) void navigate({ to: '/runs/$run', params: { run: row.run }, search: {} })
    else onPick(task)
  })
  const [onAct] = useState(() => (row: GanttRow, turns: boolean) => act(row, turns))
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[current]
    if (event.target !== event.currentTarget || row === undefined) return
    const move = MOVES[event.key]
    if (move !== undefined) {
      const next = Math.max(0, Math.min(rows.length - 1, current + move))
      setAt(next)
      virtual.scrollToIndex(next)
    } else if (event.key === 'Enter') onAct(row, false)
    else if (event.key === 'ArrowRight' && row.open === false) turn(row, true)
    else if (event.key === 'ArrowLeft' && row.open === true) turn(row, false)
    else return
    event.preventDefault()
  }
  const isCut = slices.some(({ cut }) => cut)
  return (
    <section aria-label="Gantt" className="min-w-0 overflow-hidden rounded border border-line bg-surface">
      <div
        ref={scroller}
        role="treegrid"
        tabIndex={0}
        aria-label={`When the tasks of ${graph.definition} waited and ran`}
        aria-rowcount={rows.length}
        aria-activedescendant={`${id}-${current}`}
        onKeyDown={onKeyDown}
        className="group relative overflow-y-auto overflow-x-hidden -outline-offset-2"
        style={{ height: HEAD + Math.min(rows.length, SEEN_MAX) * ROW + 2, maxHeight: '72vh' }}
      >
        <div aria-hidden="true" className="sticky top-0 z-10 h-0">
          <div className="flex items-end border-b border-line bg-surface pr-3 pl-3" style={{ height: HEAD }}>
            <span className="numeric shrink-0 truncate pb-1 text-small text-soft" style={{ width: names }}>
              {durationText(end - begin)}
              {run.closedAt === null && ' so far'}
            </span>
            <span className="min-w-0 grow">
              <Axis slices={slices} width={track} />
            </span>
          </div>
        </div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => {
            const row = rows[index] as GanttRow
            return (
              <GanttLine
                key={key}
                id={`${id}-${index}`}
                row={row}
                index={index}
                start={start}
                height={ROW}
                names={names}
                slices={slices}
                end={row.startedAt !== null && row.endedAt === null ? end : row.readyAt !== null && row.endedAt === null ? end : 0}
                share={row.is === 'item' || row.is === 'more' ? null : shareOf(row, critical)}
                current={index === current}
                picked={row.is === 'task' && row.label === picked}
                act={onAct}
              />
            )
          })}
        </div>
      </div>
      <footer className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3 py-1.5 text-small text-soft">
        <Legend fill="phase-queued" word="could begin, and waited" />
        <Legend fill="phase-completed" word="ran" />
        <span className="flex items-center gap-1.5">
          <span aria-hidden="true" className="h-0.75 w-4 bg-ink" /> on the critical path
        </span>
        <span>{counted(tasks.length, 'task')}</span>
        <span className="grow" />
        {(isCut || toScale) && (
          <label className="flex min-h-6 cursor-pointer items-center gap-1.5">
            <input type="checkbox" checked={toScale} onChange={event => onScale(event.target.checked)} className="size-3.5 accent-current" />
            True to scale
          </label>
        )}
      </footer>
    </section>
  )
}

const MOVES: Readonly<Record<string, number>> = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -20,
  PageDown: 20,
  Home: -1_000_000,
  End: 1_000_000,
}

function Legend({ fill, word }: { fill: string; word: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden="true" className={`inline-block h-3 w-4 rounded-small ${fill}`} /> {word}
    </span>
  )
}

function withOne(set: ReadonlySet<string>, one: string, has: boolean): ReadonlySet<string> {
  const next = new Set(set)
  if (has) next.add(one)
  else next.delete(one)
  return next
}

/** Of a group: what all of its tasks on the path take of it together. */
function shareOf({ tasks }: GanttRow, critical: ReadonlyMap<number, { share: number }>): number | null {
  let share: number | null = null
  for (const n of tasks) {
    const one = critical.get(n)
    if (one !== undefined) share = (share ?? 0) + one.share
  }
  return share
}

/** Of the mapped tasks that are opened, so many pages of items each. */
function useItems(namespace: string, run: string, pages: ReadonlyMap<string, number>): Items {
  const asked = useMemo(() => [...pages].flatMap(([task, count]) => Array.from({ length: count }, (_, page) => ({ task, page }))), [pages])
  return useQueries({
    queries: asked.map(({ task, page }) => itemsQuery(namespace, run, task, page * ITEMS_PAGE)),
    combine: results => {
      const items = new Map<string, { items: DagItem[]; total: number }>()
      for (const [index, { data }] of results.entries()) {
        const task = asked[index]?.task as string
        const known = items.get(task) ?? { items: [], total: 0 }
        if (data !== undefined) known.items.push(...data.items)
        items.set(task, { items: known.items, total: Math.max(known.total, data?.total ?? 0) })
      }
      return items
    },
  })
}
