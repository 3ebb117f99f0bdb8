import { type MouseEvent, memo } from 'react'
import { classes } from './classes.ts'
import { Card, type Column } from './table-columns.tsx'

/** What one does to a row; `range`: picks all up to it. */
export type RowDeed = 'focus' | 'down' | 'up' | 'open' | 'pick' | 'range'

interface TableRowProps<Row> {
  row: Row
  id: string
  index: number
  start: number
  height: number
  columns: readonly Column<Row>[]
  /** Tracks of the grid; null: it is a card. */
  grid: string | null
  /** Null: nothing can be picked here. */
  picked: boolean | null
  /** The one that Tab comes to. */
  reachable: boolean
  opens: boolean
  act(deed: RowDeed, row: Row): void
}

/** Where a row stands changes often, what is in it seldom: its cells are drawn anew only then. */
export function TableRow<Row>({ row, id, index, start, height, columns, grid, picked, reachable, opens, act }: TableRowProps<Row>) {
  const clicked = (event: MouseEvent): void => {
    act('focus', row)
    if (event.defaultPrevented || (event.target as HTMLElement).closest('a, button, input')) return
    if (getSelection()?.isCollapsed !== false) act('open', row)
  }
  return (
    <div
      role="row"
      data-row={id}
      aria-rowindex={index + 2}
      aria-selected={picked ?? undefined}
      tabIndex={reachable ? 0 : -1}
      onFocus={() => act('focus', row)}
      onClick={clicked}
      onKeyDown={event => {
        if (event.key === 'Enter' && event.target === event.currentTarget) act('open', row)
        else if (event.key === 'ArrowDown') act('down', row)
        else if (event.key === 'ArrowUp') act('up', row)
        else return
        event.preventDefault()
      }}
      className={classes(
        'contain-strict absolute inset-x-0 border-b border-line px-4 -outline-offset-2',
        grid === null ? 'flex items-center gap-3' : 'grid items-center gap-x-4',
        opens && 'cursor-pointer',
        picked ? 'bg-picked' : 'hover:bg-hover',
      )}
      style={{ height, top: start, ...(grid !== null && { gridTemplateColumns: grid }) }}
    >
      {picked !== null && (
        <span role="gridcell">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label="Pick"
            className="block accent-ink"
            checked={picked}
            onChange={event => act((event.nativeEvent as globalThis.MouseEvent).shiftKey ? 'range' : 'pick', row)}
          />
        </span>
      )}
      <Cells row={row} columns={columns as readonly Column<unknown>[]} card={grid === null} />
    </div>
  )
}

const Cells = memo(function Cells({ row, columns, card }: { row: unknown; columns: readonly Column<unknown>[]; card: boolean }) {
  if (card) return <Card columns={columns} row={row} />
  return columns.map(column => (
    <span
      key={column.id}
      role="gridcell"
      className={classes('min-w-0', column.fits ? 'whitespace-nowrap' : 'truncate', column.align === 'end' && 'text-right', column.className)}
    >
      {column.cell(row)}
    </span>
  ))
})
