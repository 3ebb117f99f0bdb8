import { useVirtualizer } from '@tanstack/react-virtual'
import { type MouseEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { classes } from './classes.ts'
import { useCommand } from './commands.ts'
import { Card, type Column, columnsFor, gridOf, NARROW, ROW_HEIGHT } from './table-columns.tsx'
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
  /** In the place of rows, when there are none. */
  empty?: ReactNode
  /** In the last line: how far the list has looked. */
  foot?: ReactNode
}

const BEFORE_END = 20

/**
 * Rows of one height, drawn only where one looks: a million are as smooth as ten. `j` and `k` move, Enter opens, `x` picks. Columns of lower priority leave
 * as the room gets narrow; below 560 px each row is a card. Rows that come on top do not push what one reads: unless one stands at the very top.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowKey, onOpen, onEnd, loading = false, selection, empty, foot } = props
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const narrow = width > 0 && width < NARROW
  const shown = columnsFor(columns, width)
  const grid = gridOf(shown, selection !== undefined)
  const rowHeight = narrow ? ROW_HEIGHT.card : ROW_HEIGHT.line
  const [current, setCurrent] = useState<string | null>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: index => rowKey(rows[index] as Row),
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height is another layout
  useEffect(() => virtual.measure(), [rowHeight])
  useHeldStill(scroller, rows, rowKey, rowHeight)

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
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)?.focus({ preventScroll: true }))
  }
  const open = (): void => {
    const row = rows.find(candidate => rowKey(candidate) === current)
    if (row !== undefined) onOpen?.(row)
  }
  const pick = (key: string): void => {
    if (selection === undefined) return
    const picked = new Set(selection.picked)
    if (!picked.delete(key)) picked.add(key)
    selection.change(picked)
  }
  useCommand({ label: 'Next row', group: 'List', keys: 'j', keysOnly: true, run: () => move(1) })
  useCommand({ label: 'Row before', group: 'List', keys: 'k', keysOnly: true, run: () => move(-1) })
  useCommand({ label: 'Open the row', group: 'List', keys: 'o', keysOnly: true, run: open }, onOpen !== undefined)
  useCommand(
    { label: 'Pick the row', group: 'List', keys: 'x', keysOnly: true, run: () => current !== null && pick(current) },
    selection !== undefined,
  )

  const clicked = (event: MouseEvent, row: Row): void => {
    setCurrent(rowKey(row))
    if (event.defaultPrevented || (event.target as HTMLElement).closest('a, button, input')) return
    if (getSelection()?.isCollapsed !== false) onOpen?.(row)
  }
  const firstKey = rows[0] === undefined ? null : rowKey(rows[0])
  const reachable = rows.some(row => rowKey(row) === current) ? current : firstKey

  return (
    <div ref={scroller} className="min-h-0 grow overflow-auto" data-scroller>
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
              const picked = selection?.picked.has(key) ?? false
              return (
                <div
                  key={key}
                  role="row"
                  data-row={key}
                  aria-rowindex={item.index + 2}
                  aria-selected={selection ? picked : undefined}
                  tabIndex={key === reachable ? 0 : -1}
                  onFocus={() => setCurrent(key)}
                  onClick={event => clicked(event, row)}
                  onKeyDown={event => {
                    if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.(row)
                    else if (event.key === 'ArrowDown') move(1)
                    else if (event.key === 'ArrowUp') move(-1)
                    else return
                    event.preventDefault()
                  }}
                  className={classes(
                    'absolute inset-x-0 top-0 border-b border-line px-4 -outline-offset-2',
                    narrow ? 'flex items-center gap-3' : 'grid items-center gap-x-4',
                    onOpen && 'cursor-pointer',
                    picked ? 'bg-picked' : 'hover:bg-hover',
                  )}
                  style={{ height: rowHeight, transform: `translateY(${item.start}px)`, ...(!narrow && { gridTemplateColumns: grid }) }}
                >
                  {selection && (
                    <span role="gridcell">
                      <input
                        type="checkbox"
                        tabIndex={-1}
                        aria-label="Pick"
                        className="block accent-ink"
                        checked={picked}
                        onChange={() => pick(key)}
                      />
                    </span>
                  )}
                  {narrow ? (
                    <Card columns={columns} row={row} />
                  ) : (
                    shown.map(column => (
                      <span key={column.id} role="gridcell" className={classes('min-w-0 truncate', column.align === 'end' && 'text-right')}>
                        {column.cell(row)}
                      </span>
                    ))
                  )}
                </div>
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

/** Rows that come on top move what is below: the view moves with it, so that what one reads stands still. */
function useHeldStill<Row>(
  scroller: { current: HTMLDivElement | null },
  rows: readonly Row[],
  rowKey: (row: Row) => string,
  rowHeight: number,
): void {
  const top = useRef<string | null>(null)
  useLayoutEffect(() => {
    const element = scroller.current
    const first = rows[0] === undefined ? null : rowKey(rows[0])
    const before = top.current
    top.current = first
    if (element === null || before === null || first === before || element.scrollTop < rowHeight) return
    const index = rows.findIndex(row => rowKey(row) === before)
    if (index > 0) element.scrollTop += index * rowHeight
  })
}
