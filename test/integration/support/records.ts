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
  writeLine(file, { ...mark, pid: process.pid, worker: process.env.TEST_WORKER, at: Date.now() })
}

export function recordsIn(file: string): Record[] {
  return linesIn<Record>(file)
}

/** One object, in one write. The newline before it keeps it apart from one whose writer was killed half-way. */
export function writeLine(file: string, value: object): void {
  appendFileSync(file, `\n${JSON.stringify(value)}`)
}

/** What stands in a file of one object a line. One that is being written, or that its writer was killed over, has not been said yet. */
export function linesIn<Line>(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Line]
      } catch (error) {
        if (line.startsWith('{') && !line.endsWith('}')) return []
        throw error
      }
    })
}
