import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', '..', 'node_modules', 'vega-datasets', 'data')

/** A data file of the npm package `vega-datasets`. */
export function readData(name: string): Promise<string> {
  return readFile(join(FOLDER, name), 'utf8')
}

/** The rows of a CSV text by the names of its first line. */
export function parseCsv(text: string): Record<string, string>[] {
  const [head = [], ...rows] = cells(text)
  return rows.map(row => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])))
}

/** RFC 4180: cells may be quoted, a quote in a quoted cell is doubled. */
function cells(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}
