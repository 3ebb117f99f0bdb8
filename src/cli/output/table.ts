import { stripVTControlCharacters } from 'node:util'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Numbers line up on the right. */
  readonly right?: true
  /** Characters at most; what is longer ends in `…`. The last column has no bound of its own. */
  readonly widthMax?: number
}

/**
 * Rows under upper-case titles, two spaces between columns, nothing behind the last. Control characters in foreign text are shown, never sent to
 * the terminal: a run's name cannot move the cursor.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map(row => columns.map(column => cut(column.value(row), column.widthMax)))
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map(row => width(row[index] as string))))
  const lines = [columns.map(column => titleText(column.title)), ...cells].map(row => line(columns, row, widths))
  return lines.join('\n')
}

/** Upper case, save what a title has in parentheses, such as a zone. */
function titleText(title: string): string {
  return title.replace(/^[^(]*/, words => words.toUpperCase())
}

/** Names and values below each other, names dim and aligned. Values of several lines stay aligned. */
export function pairs(entries: readonly (readonly [name: string, value: string])[], dim: (text: string) => string = text => text): string {
  const nameWidth = Math.max(0, ...entries.map(([name]) => name.length))
  return entries
    .map(([name, value]) => `${dim(name.padEnd(nameWidth))}  ${value.replaceAll('\n', `\n${' '.repeat(nameWidth + 2)}`)}`)
    .map(text => text.trimEnd())
    .join('\n')
}

/** Foreign text on one line: control characters become visible. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, character => CONTROL_NAMES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Foreign text that may have several lines: only line breaks and tabs are left to the terminal. */
export function severalLines(text: string): string {
  return text.split('\n').map(oneLine).join('\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to make visible
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g
const CONTROL_NAMES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function line<Row>(columns: readonly Column<Row>[], row: readonly string[], widths: readonly number[]): string {
  return columns
    .map((column, index) => {
      const cell = row[index] as string
      const space = ' '.repeat((widths[index] as number) - width(cell))
      return column.right ? space + cell : cell + space
    })
    .join('  ')
    .trimEnd()
}

/** Painted cells count by what is seen of them. */
function width(text: string): number {
  return stripVTControlCharacters(text).length
}

function cut(text: string, max = Number.POSITIVE_INFINITY): string {
  if (width(text) <= max) return text
  return `${stripVTControlCharacters(text).slice(0, max - 1)}…`
}
