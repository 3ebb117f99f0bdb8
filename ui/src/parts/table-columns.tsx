import type { ReactNode } from 'react'
import { classes } from './classes.ts'

export interface Column<Row> {
  id: string
  header: string
  cell(row: Row): ReactNode
  /** Of the cell itself, so that text needs no element of its own within it. */
  className?: string
  /** A track of CSS grid: `120px`, `minmax(160px, 2fr)`. Default `minmax(80px, 1fr)`. */
  width?: string
  align?: 'end'
  /** It is never longer than its track, so that nothing has to cut it off: a box that cuts costs as much as what is in it. */
  fits?: true
  /** 1 stays (default), 2 leaves below 860 px, 3 below 1120 px. */
  priority?: 1 | 2 | 3
  /** Its place on a card: the title, at the right of the title, or in the line below (default). `none`: not on it. */
  card?: 'title' | 'end' | 'line' | 'none'
}

/** Below it each row is a card. */
export const NARROW = 560
export const ROW_HEIGHT = { line: 36, card: 60 } as const
const ROOM = { 1: 0, 2: 860, 3: 1_120 } as const

export function columnsFor<Row>(columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  return columns.filter(column => width === 0 || width >= ROOM[column.priority ?? 1])
}

export function gridOf<Row>(columns: readonly Column<Row>[], boxes: boolean): string {
  return [...(boxes ? ['16px'] : []), ...columns.map(column => column.width ?? 'minmax(80px, 1fr)')].join(' ')
}

export function Card<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  const at = (place: Column<Row>['card']) => columns.filter(column => (column.card ?? 'line') === place)
  return (
    <div role="gridcell" className="flex min-w-0 grow flex-col">
      <div className="flex items-center justify-between gap-2 leading-6">
        <span className="flex min-w-0 gap-2 truncate font-medium">
          {at('title').map(column => (
            <span key={column.id} className={classes('truncate', column.className)}>
              {column.cell(row)}
            </span>
          ))}
        </span>
        <span className="flex shrink-0 gap-2">
          {at('end').map(column => (
            <span key={column.id} className={column.className}>
              {column.cell(row)}
            </span>
          ))}
        </span>
      </div>
      <div className="mt-0.5 flex gap-3 truncate text-small/6 text-soft">
        {at('line').map(column => (
          <span key={column.id} className={classes('truncate', column.className)}>
            {column.cell(row)}
          </span>
        ))}
      </div>
    </div>
  )
}
