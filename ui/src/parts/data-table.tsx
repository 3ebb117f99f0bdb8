import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { countText } from '../format/number.ts'
import { classes } from './classes.ts'
import { useCommand } from './commands.ts'
import { useElements } from './elements.ts'
import { type Column, columnsFor, gridOf, NARROW, ROW_HEIGHT } from './table-columns.tsx'
import { type RowDeed, TableRow } from './table-row.tsx'
import { useWidth } from './use-width.ts'

export type { Column } from './table-columns.tsx'

export interface DataTableProps<Row> {
  /** What the table is of: its name for those who cannot see it. */
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowKey(row: Row): string
  /** Enter, and a click beside a link: opens the row. */
  onOpen?(row: Row): void
  /** The end came near: read the next page. */
  onEnd?(): void
  /** More is on its way. */
  loading?: boolean
  /** Present: rows can be picked, with a box at their left and `x`. */
  selection?: { picked: ReadonlySet<string>; change(picked: ReadonlySet<string>): void }
  /** Rows that come on top while one looks further down are counted there: `12 new`. */
  newcomers?: boolean
  /** In the place of rows, when there are none. */
  empty?: ReactNode
  /** In the last line: how far the list has looked. */
  foot?: ReactNode
}

const BEFORE_END = 20

/**
 * Rows of one height, drawn only where one looks: a million are as smooth as ten. `j` and `k` move, Enter opens, `x` picks (Shift: all up to there). Columns of lower priority leave
 * as the room gets narrow; below 560 px each row is a card. Rows that come on top do not push what one reads: unless one stands at the very top.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowKey, onOpen, onEnd, loading = false, selection, newcomers = false, empty, foot } = props
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const narrow = width > 0 && width < NARROW
  // Kept as long as it is the same columns: cells are drawn anew with another list of them.
  const shown = useMemo(() => columnsFor(columns, width), [columns, width])
  const grid = gridOf(shown, selection !== undefined)
  const rowHeight = narrow ? ROW_HEIGHT.card : ROW_HEIGHT.line
  const [current, setCurrent] = useState<string | null>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: index => rowKey(rows[index] as Row),
    overscan: 4,
  })
  const items = virtual.getVirtualItems()
  const elements = useElements(
    items.map(({ index }) => rowKey(rows[index] as Row)),
    current,
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height is another layout
  useEffect(() => virtual.measure(), [rowHeight])
  const fresh = useHeldStill(scroller, rows, rowKey, rowHeight)

  const lastIndex = items.at(-1)?.index ?? 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when one has moved or rows have come
  useEffect(() => {
    if (rows.length > 0 && lastIndex >= rows.length - BEFORE_END) onEnd?.()
  }, [lastIndex, rows.length])

  const move = (step: number): void => {
    if (rows.length === 0) return
    const at = rows.findIndex(row => rowKey(row) === current)
    const to = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))
    const key = rowKey(rows[to] as Row)
    setCurrent(key)
    virtual.scrollToIndex(to)
    // At once if it is drawn, so that the next key goes to it however soon it comes.
    if (!focusRow(scroller.current, key)) requestAnimationFrame(() => focusRow(scroller.current, key))
  }
  const open = (): void => {
    const row = rows.find(candidate => rowKey(candidate) === current)
    if (row !== undefined) onOpen?.(row)
  }
  const lastPicked = useRef<string | null>(null)
  const pick = (key: string): void => {
    if (selection === undefined) return
    const picked = new Set(selection.picked)
    if (!picked.delete(key)) picked.add(key)
    lastPicked.current = key
    selection.change(picked)
  }
  /** All from the one that was picked last to this one. */
  const pickTo = (key: string): void => {
    if (selection === undefined) return
    const ends = [lastPicked.current, key].map(end => rows.findIndex(row => rowKey(row) === end))
    const [from, to] = [Math.max(0, Math.min(...ends)), Math.max(...ends)]
    lastPicked.current = key
    selection.change(new Set([...selection.picked, ...rows.slice(from, to + 1).map(rowKey)]))
  }
  /** Picks where one stands, and the next as one goes on. */
  const pickOn = (step: number): void => {
    const at = rows.findIndex(row => rowKey(row) === current)
    const next = rows[at + step]
    if (selection === undefined || at < 0) return
    selection.change(new Set([...selection.picked, ...[rows[at] as Row, ...(next === undefined ? [] : [next])].map(rowKey)]))
    move(step)
  }
  useCommand({ label: 'Next row', group: 'List', keys: 'j', keysOnly: true, run: () => move(1) })
  useCommand({ label: 'Row before', group: 'List', keys: 'k', keysOnly: true, run: () => move(-1) })
  useCommand({ label: 'Open the row', group: 'List', keys: 'o', keysOnly: true, run: open }, onOpen !== undefined)
  useCommand(
    { label: 'Pick the row', group: 'List', keys: 'x', keysOnly: true, run: () => current !== null && pick(current) },
    selection !== undefined,
  )
  useCommand({ label: 'Pick the row and the next', group: 'List', keys: 'J', keysOnly: true, run: () => pickOn(1) }, selection !== undefined)
  useCommand({ label: 'Pick the row and the one before', group: 'List', keys: 'K', keysOnly: true, run: () => pickOn(-1) }, selection !== undefined)

  const actOn = useEffectEvent((deed: RowDeed, row: Row): void => {
    const key = rowKey(row)
    if (deed === 'focus') return setCurrent(key)
    if (deed === 'down') return move(1)
    if (deed === 'up') return move(-1)
    if (deed === 'open') return onOpen?.(row)
    if (deed === 'pick' || lastPicked.current === null) return pick(key)
    pickTo(key)
  })
  // The same for all drawings: so that a row is drawn anew only when it has changed.
  const [act] = useState(() => (deed: RowDeed, row: Row) => actOn(deed, row))
  const firstKey = rows[0] === undefined ? null : rowKey(rows[0])
  const reachable = current !== null && rows.some(row => rowKey(row) === current) ? current : firstKey

  return (
    <div ref={scroller} className="min-h-0 grow overflow-auto" data-scroller>
      {newcomers && (
        <div role="status" className="pointer-events-none sticky left-0 top-10 z-10 flex h-0 justify-center">
          {fresh > 0 && (
            <button
              type="button"
              onClick={() => scroller.current?.scrollTo({ top: 0 })}
              className="appear numeric pointer-events-auto flex h-7 items-center rounded-full bg-ink px-3 font-medium text-inverse shadow-overlay"
            >
              {countText(fresh)} new
            </button>
          )}
        </div>
      )}
      {rows.length === 0 && !loading ? (
        empty
      ) : (
        <div role="grid" aria-label={label} aria-rowcount={rows.length + 1} aria-multiselectable={selection !== undefined || undefined}>
          <div role="rowgroup" className={classes('sticky top-0 z-10', narrow && 'hidden-text')}>
            <div
              role="row"
              aria-rowindex={1}
              className="grid h-8 items-center gap-x-4 border-b border-line bg-ground px-4 text-small text-soft"
              style={{ gridTemplateColumns: grid }}
            >
              {selection && (
                <span role="columnheader">
                  <input
                    type="checkbox"
                    aria-label="Pick all that are loaded"
                    className="block accent-ink"
                    checked={rows.length > 0 && selection.picked.size >= rows.length}
                    onChange={event => selection.change(new Set(event.target.checked ? rows.map(rowKey) : []))}
                  />
                </span>
              )}
              {shown.map(column => (
                <span key={column.id} role="columnheader" className={classes('truncate', column.align === 'end' && 'text-right')}>
                  {column.header}
                </span>
              ))}
            </div>
          </div>
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map(item => {
              const row = rows[item.index] as Row
              const key = rowKey(row)
              return (
                <TableRow
                  key={elements.get(key)}
                  row={row}
                  id={key}
                  index={item.index}
                  start={item.start}
                  height={rowHeight}
                  columns={narrow ? columns : shown}
                  grid={narrow ? null : grid}
                  picked={selection === undefined ? null : selection.picked.has(key)}
                  reachable={key === reachable}
                  opens={onOpen !== undefined}
                  act={act}
                />
              )
            })}
          </div>
        </div>
      )}
      {(loading || (foot !== undefined && rows.length > 0)) && (
        <div className="px-4 py-3 text-small text-soft">{loading ? 'Loading more …' : foot}</div>
      )}
    </div>
  )
}

function focusRow(scroller: HTMLElement | null, key: string): boolean {
  const row = scroller?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)
  row?.focus({ preventScroll: true })
  return row != null
}

/**
 * Rows that come on top move what is below: the view moves with it, so that what one reads stands still. Answers how many have come since one was at the top.
 */
function useHeldStill<Row>(
  scroller: { current: HTMLDivElement | null },
  rows: readonly Row[],
  rowKey: (row: Row) => string,
  rowHeight: number,
): number {
  const top = useRef<string | null>(null)
  // As scrolling tells it: to ask the element after each drawing would lay the page out there and then.
  const offset = useRef(0)
  const [seen, setSeen] = useState<string | null>(null)
  const first = rows[0] === undefined ? null : rowKey(rows[0])
  useLayoutEffect(() => {
    const element = scroller.current
    const before = top.current
    top.current = first
    if (element === null || first === before) return
    if (offset.current < rowHeight) return setSeen(first)
    if (before === null) return
    const index = rows.findIndex(row => rowKey(row) === before)
    if (index > 0) element.scrollTop += index * rowHeight
  })
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const scrolled = (): void => {
      offset.current = element.scrollTop
      if (offset.current < rowHeight) setSeen(top.current)
    }
    element.addEventListener('scroll', scrolled, { passive: true })
    return () => element.removeEventListener('scroll', scrolled)
  }, [scroller, rowHeight])
  if (seen === null || seen === first) return 0
  return Math.max(
    0,
    rows.findIndex(row => rowKey(row) === seen),
  )
}
