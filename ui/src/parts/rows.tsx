import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import type { Column } from './table-columns.tsx'

export interface RowsProps<Row> {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey(row: Row): string
  /** In the place of rows, when there are none. */
  empty?: ReactNode
}

const ROOM = { 1: '', 2: '@max-[560px]:hidden', 3: '@max-[820px]:hidden' } as const

/** A table within a page, of few rows that are all drawn. Columns of lower priority leave as the room gets narrow. */
export function Rows<Row>({ label, columns, rows, rowKey, empty }: RowsProps<Row>) {
  if (rows.length === 0) return empty
  const place = ({ align, priority = 1 }: Column<Row>): string => classes('px-3', align === 'end' && 'text-right', ROOM[priority])
  return (
    // A group and no region: the panel around it is one already.
    // biome-ignore lint/a11y/useSemanticElements: a table has no fieldset around it
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by the keyboard
    <div role="group" tabIndex={0} aria-label={label} className="@container overflow-x-auto -outline-offset-2">
      <table className="w-full text-left">
        <thead>
          <tr className="border-b border-line text-small text-soft">
            {columns.map(column => {
              // What has no header is a place for buttons, which say themselves what they do.
              const Cell = column.header === '' ? 'td' : 'th'
              return (
                <Cell
                  key={column.id}
                  {...(Cell === 'th' && { scope: 'col' })}
                  className={classes('h-8 whitespace-nowrap font-normal', place(column))}
                  style={column.width ? { width: column.width } : {}}
                >
                  {column.header}
                </Cell>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={rowKey(row)} className="border-b border-line last:border-b-0 hover:bg-hover">
              {columns.map(column => (
                <td key={column.id} className={classes('py-1.5 align-middle', place(column), column.className)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
