import { useNavigate } from '@tanstack/react-router'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, type KeyboardEvent, lazy, memo, Suspense, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import type { DagGraph, DagGridRun, TaskState } from '../../api/dags.ts'
import { usePreferences } from '../../format/preferences.ts'
import { durationText, shortTime } from '../../format/time.ts'
import { badgeOf, itemsText, partsOf } from '../../parts/dag/words.ts'
import { Icon, iconMask } from '../../parts/icons.tsx'
import { stateColor, stateSign } from '../../parts/state-badge.tsx'
import { useWidth } from '../../parts/use-width.ts'
import { cellOf, type Graphs, type GridRow, type Numbers, rowsOf } from './rows.ts'

/** One cell is what a finger can touch (WCAG 2.2: 24 px). */
const CELL = 24
const HEAD = 72
const NAME_WIDTH = { wide: 240, narrow: 132 } as const
const NARROW = 640
const BEFORE_END = 20
/** Rows and columns that are drawn beyond what is seen: each costs as many cells as are seen the other way. */
const OVERSCAN = 3

/** With its form: when it is asked for. */
const RerunDialog = lazy(() => import('../../parts/dag/rerun-dialog.tsx'))

export interface DagGridProps {
  namespace: string
  newest: DagGraph
  graphs: Graphs
  numbers: Numbers
  /** Newest first. */
  runs: readonly DagGridRun[]
  onEnd(): void
}

/**
 * Runs beside each other, tasks below each other; drawn only where one looks, so that a year of runs of 500 tasks costs what one sees of it. It is one stop of the
 * keyboard: arrows move, Enter opens the task in its run, or folds the group, r asks to run it again.
 */
export function DagGrid({ namespace, newest, graphs, numbers, runs, onEnd }: DagGridProps) {
  const navigate = useNavigate()
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const nameWidth = width > 0 && width < NARROW ? NAME_WIDTH.narrow : NAME_WIDTH.wide
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => rowsOf(newest, graphs, folded), [newest, graphs, folded])
  const [at, setAt] = useState({ row: 0, column: 0 })
  const current = { row: Math.min(at.row, rows.length - 1), column: Math.min(at.column, runs.length - 1) }
  const [reruns, setReruns] = useState<typeof at | null>(null)
  const [again, of] = reruns === null ? [] : [rows[reruns.row], runs[reruns.column]]
  const lines = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CELL,
    overscan: OVERSCAN,
    scrollPaddingStart: HEAD,
    paddingStart: HEAD,
    // What the keyboard stands on is there for those who are read to.
    rangeExtractor: range => withOne(defaultRangeExtractor(range), current.row, rows.length),
  })
  const columns = useVirtualizer({
    horizontal: true,
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CELL,
    overscan: OVERSCAN,
    scrollPaddingStart: nameWidth,
    paddingStart: nameWidth,
    rangeExtractor: range => withOne(defaultRangeExtractor(range), current.column, runs.length),
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another width of the names is another layout
  useEffect(() => columns.measure(), [nameWidth])
  const shownColumns = columns.getVirtualItems()
  const first = shownColumns[0]?.index ?? 0
  const last = shownColumns.at(-1)?.index ?? -1
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when one has moved or runs have come
  useEffect(() => {
    if (runs.length > 0 && last >= runs.length - BEFORE_END) onEnd()
  }, [last, runs.length])
  // Kept while it is the same: rows are drawn anew with another list only.
  const drawn = shownColumns.map(({ index }) => index).join(' ')
  const indexes = useMemo(() => (drawn === '' ? [] : drawn.split(' ').map(Number)), [drawn])
  const { zone } = usePreferences()
  const times = useMemo(() => runs.map(({ nominalTime }) => shortTime(nominalTime, zone)), [runs, zone])
  const longest = Math.max(1, ...runs.slice(first, last + 1).map(tookMs))
  const fold = (group: string): void =>
    setFolded(before => {
      const next = new Set(before)
      if (!next.delete(group)) next.add(group)
      return next
    })
  const opened = useEffectEvent((row: number, column: number): void => {
    const [line, run] = [rows[row], runs[column]]
    if (line === undefined || run === undefined) return
    if (line.is === 'group') fold(line.id)
    else void navigate({ to: '/runs/$run', params: { run: run.run }, search: { task: line.id } })
  })
  // The same for all drawings: so that a line is drawn anew only when it has changed.
  const [act] = useState(() => ({ fold, open: (row: number, column: number) => opened(row, column) }))
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return
    const move = MOVES[event.key]
    if (event.key === 'r' && !event.ctrlKey && !event.metaKey && !event.altKey) setReruns(current)
    else if (event.key === 'Enter') opened(current.row, current.column)
    else if (move === undefined) return
    else {
      const row = Math.max(0, Math.min(rows.length - 1, current.row + move[0]))
      const column = Math.max(0, Math.min(runs.length - 1, current.column + move[1]))
      setAt({ row, column })
      lines.scrollToIndex(row)
      columns.scrollToIndex(column)
    }
    event.preventDefault()
  }
  return (
    <>
      <div
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label={`Tasks of the newest runs of ${newest.definition}`}
        aria-rowcount={rows.length + 1}
        aria-colcount={runs.length + 1}
        aria-activedescendant={cellId(current.row, current.column)}
        aria-keyshortcuts="r"
        onKeyDown={onKeyDown}
        className="group relative max-h-[72vh] min-h-48 overflow-auto rounded border border-line bg-surface"
        data-scroller
      >
        <div role="rowgroup" className="sticky top-0 z-20 h-0 min-w-full" style={{ width: columns.getTotalSize() }}>
          <div role="row" aria-rowindex={1} className="relative border-b border-line bg-surface" style={{ height: HEAD }}>
            <span
              role="columnheader"
              className="sticky left-0 z-10 flex h-full items-end border-r border-line bg-surface px-3 pb-1.5 text-small text-soft"
              style={{ width: nameWidth }}
            >
              Task
            </span>
            {indexes.map(index => (
              <RunHead key={runs[index]?.run} run={runs[index] as DagGridRun} index={index} left={nameWidth + index * CELL} longest={longest} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative min-w-full" style={{ height: lines.getTotalSize(), width: columns.getTotalSize() }}>
          {lines.getVirtualItems().map(({ index, start }) => (
            <Line
              key={rows[index]?.id}
              row={rows[index] as GridRow}
              index={index}
              start={start}
              nameWidth={nameWidth}
              runs={runs}
              times={times}
              indexes={indexes}
              numbers={numbers}
              folded={folded.has(rows[index]?.id ?? '')}
              current={index === current.row ? current.column : null}
              act={act}
            />
          ))}
        </div>
      </div>
      <Suspense>
        {again !== undefined && of !== undefined && (
          <RerunDialog
            namespace={namespace}
            run={{ id: of.run, definition: newest.definition }}
            task={again.id}
            onClose={() => setReruns(null)}
            onStarted={run => void navigate({ to: '/runs/$run', params: { run }, search: again.is === 'group' ? {} : { task: again.id } })}
          />
        )}
      </Suspense>
    </>
  )
}

const MOVES: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-20, 0],
  PageDown: [20, 0],
  Home: [0, -1_000_000],
  End: [0, 1_000_000],
}
const cellId = (row: number, column: number): string => `cell-${row}-${column}`

function withOne(shown: number[], one: number, count: number): number[] {
  if (one < 0 || one >= count || shown.includes(one)) return shown
  return [...shown, one].sort((a, b) => a - b)
}

function tookMs({ startedAt, closedAt }: DagGridRun): number {
  return startedAt === null || closedAt === null ? 0 : Date.parse(closedAt) - Date.parse(startedAt)
}

/** A run: how it stands, how long it took beside the others, and the time that it is for. */
function RunHead({ run, index, left, longest }: { run: DagGridRun; index: number; left: number; longest: number }) {
  const navigate = useNavigate()
  const { zone } = usePreferences()
  const { icon, word } = stateSign(run.state)
  const ms = tookMs(run)
  const label = `${shortTime(run.nominalTime, zone)}: ${word}${ms > 0 ? ` in ${durationText(ms)}` : ''}`
  return (
    <span role="columnheader" aria-colindex={index + 2} className="absolute bottom-0" style={{ left, width: CELL, height: HEAD }}>
      {/* One stop of the keyboard is enough for all of them: each task's cell leads to the same run. */}
      <button
        type="button"
        tabIndex={-1}
        title={label}
        aria-label={label}
        className="flex size-full flex-col items-center justify-end gap-0.5 pb-1.5 hover:bg-hover"
        onClick={() => void navigate({ to: '/runs/$run', params: { run: run.run }, search: {} })}
      >
        <span className="w-2 rounded-small" style={{ height: ms === 0 ? 0 : Math.max(2, (ms / longest) * 40), background: stateColor(run.state) }} />
        <span className="flex" style={{ color: stateColor(run.state) }}>
          <Icon name={icon} size={14} />
        </span>
      </button>
    </span>
  )
}

interface LineProps {
  row: GridRow
  index: number
  start: number
  nameWidth: number
  runs: readonly DagGridRun[]
  /** Of each run, as text: the time that it is for. */
  times: readonly string[]
  indexes: readonly number[]
  numbers: Numbers
  folded: boolean
  /** The column on which the keyboard stands, if it is in this row. */
  current: number | null
  act: { fold(group: string): void; open(row: number, column: number): void }
}

const Line = memo(function Line({ row, index, start, nameWidth, runs, times, indexes, numbers, folded, current, act }: LineProps) {
  const isGroup = row.is === 'group'
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="absolute left-0 top-0 flex w-full hover:bg-hover"
      style={{ height: CELL, transform: `translateY(${start}px)` }}
    >
      <span
        role="rowheader"
        className="sticky left-0 z-10 flex items-center gap-1 border-r border-line bg-surface pr-2 text-small"
        style={{ width: nameWidth, height: CELL, paddingLeft: 12 + row.depth * 12 }}
        title={row.gone ? `${row.id}: no more in the newest version` : row.id}
      >
        {isGroup ? (
          <button type="button" aria-expanded={!folded} className="flex h-6 min-w-0 items-center gap-1 font-medium" onClick={() => act.fold(row.id)}>
            <Icon name={folded ? 'right' : 'chevron'} size={12} />
            <span className="truncate">{row.id}</span>
            <span className="numeric shrink-0 text-tiny font-normal text-soft">{row.tasks.length}</span>
          </button>
        ) : (
          <span className={row.gone ? 'truncate font-mono text-soft line-through' : 'truncate font-mono'}>{row.id}</span>
        )}
      </span>
      {indexes.map(column => {
        const run = runs[column] as DagGridRun
        const cell = cellOf(row, run, numbers)
        return (
          <GridCell
            key={run.run}
            id={row.id}
            index={index}
            column={column}
            left={nameWidth + column * CELL}
            time={times[column] as string}
            state={cell?.state ?? null}
            items={cell?.items ?? null}
            current={column === current}
            act={act}
          />
        )
      })}
    </div>
  )
})

interface GridCellProps {
  id: string
  index: number
  column: number
  left: number
  /** That the run is for. */
  time: string
  /** null: the run's version has no such task. */
  state: TaskState | null
  items: Readonly<Record<string, number>> | null
  current: boolean
  act: LineProps['act']
}

/** By itself, since a line is drawn anew with each column that comes into sight, and most of its cells stay. */
const GridCell = memo(function GridCell({ id, index, column, left, time, state, items, current, act }: GridCellProps) {
  const { icon, word } = state === null ? { icon: 'dot' as const, word: 'not in its version' } : stateSign(badgeOf(state))
  const label = `${id}, ${time}: ${word}${items ? `, ${itemsText(items)} items` : ''}`
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the grid does the same
    <span
      id={cellId(index, column)}
      role="gridcell"
      aria-colindex={column + 2}
      aria-label={label}
      title={label}
      onClick={() => act.open(index, column)}
      className={`${state === null ? '' : 'masked-icon'} absolute flex cursor-pointer flex-col items-center justify-center ${current ? 'outline-focus group-focus-visible:outline-2 group-focus-visible:-outline-offset-2' : ''}`}
      style={
        { left, width: CELL, height: CELL, ...(state !== null && { color: stateColor(badgeOf(state)), '--icon': iconMask(icon) }) } as CSSProperties
      }
    >
      {items && <Share items={items} />}
    </span>
  )
})

/** Of a mapped task: how many of its items stand how. */
function Share({ items }: { items: Readonly<Record<string, number>> }) {
  const parts = partsOf(items)
  const total = parts.reduce((sum, { count }) => sum + count, 0)
  return (
    <span className="flex h-0.75 w-4 overflow-hidden rounded-full bg-line" aria-hidden="true">
      {parts.map(({ state, count }) => (
        <span key={state} style={{ width: `${(count / total) * 100}%`, background: stateColor(state) }} />
      ))}
    </span>
  )
}
