import type { Line } from './store.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** A line of the log, or the head of the attempt whose lines follow. */
export type Row = Line | { attempt: number; head: true }

export interface LogFilter {
  attempt: number | undefined
  levels: readonly Level[] | undefined
}

/** What is shown: lines that fit, under the heads of their attempts where there are several. */
export function rowsOf(lines: readonly Line[], { attempt, levels }: LogFilter): Row[] {
  const rows: Row[] = []
  let last = 0
  for (const line of lines) {
    if (attempt !== undefined && line.attempt !== attempt) continue
    if (levels !== undefined && !levels.includes(line.level)) continue
    if (line.attempt !== last) rows.push({ attempt: line.attempt, head: true })
    last = line.attempt
    rows.push(line)
  }
  return rows
}

/** Places among the rows of all lines that hold the text, whatever its case. */
export function hitsOf(rows: readonly Row[], text: string): number[] {
  const sought = text.toLowerCase()
  const hits: number[] = []
  if (sought === '') return hits
  for (const [index, row] of rows.entries()) if (!('head' in row) && row.plain.toLowerCase().includes(sought)) hits.push(index)
  return hits
}

export interface Piece {
  text: string
  className: string
  found: boolean
}

/** Parts of a line, cut where what is sought (in lower case) begins and ends: a colour may change in the middle of it. */
export function piecesOf(parts: readonly { text: string; className: string }[], sought: string): Piece[] {
  const found = rangesOf(parts.map(({ text }) => text).join(''), sought)
  const pieces: Piece[] = []
  let at = 0
  for (const { text, className } of parts) {
    const end = at + text.length
    let from = at
    const add = (until: number, isFound: boolean): void => {
      if (until > from) pieces.push({ text: text.slice(from - at, until - at), className, found: isFound })
      from = Math.max(from, until)
    }
    for (const range of found) {
      if (range.to <= at || range.from >= end) continue
      add(Math.max(at, range.from), false)
      add(Math.min(end, range.to), true)
    }
    add(end, false)
    at = end
  }
  return pieces
}

function rangesOf(text: string, sought: string): { from: number; to: number }[] {
  if (sought === '') return []
  const low = text.toLowerCase()
  const ranges: { from: number; to: number }[] = []
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, at + sought.length)) ranges.push({ from: at, to: at + sought.length })
  return ranges
}

/** The address that shows this line: whole, since `<base href>` is what a bare fragment would belong to. */
export function lineAddress(name: string): string {
  return `${window.location.pathname}${window.location.search}#${name}`
}

export function textOfLines(lines: readonly Line[]): string {
  return `${lines.map(line => `${line.at} #${line.attempt} ${line.level.padEnd(5)} ${line.plain}`).join('\n')}\n`
}

export function ndjsonOfLines(lines: readonly Line[]): string {
  return `${lines.map(({ name: _, number: __, time: ___, plain: ____, ...line }) => JSON.stringify(line)).join('\n')}\n`
}
