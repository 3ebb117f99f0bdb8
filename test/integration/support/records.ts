import { appendFileSync, readFileSync } from 'node:fs'

/** What handlers and workers write down themselves, one line each, with O_APPEND: it survives a kill -9 of whoever wrote it. */
export type Mark =
  | { is: 'start'; run: string; job: string; attempt: number; nonce: string }
  | { is: 'end'; run: string; job: string; attempt: number; nonce: string; how: 'returned' | 'threw' }
  | { is: 'answered'; run: string; attempt: number; answer: string }
export type Record = Mark & { pid: number; worker: string; at: number }

export function record(mark: Mark): void {
  const file = process.env.TEST_RECORDS
  if (!file) return
  appendFileSync(file, `${JSON.stringify({ ...mark, pid: process.pid, worker: process.env.TEST_WORKER, at: Date.now() })}\n`)
}

export function recordsIn(file: string): Record[] {
  return linesIn<Record>(file)
}

/** A file of a JSON value a line. */
export function linesIn<Line>(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
}
