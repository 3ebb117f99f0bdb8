import { DatabaseSync } from 'node:sqlite'
import { INPUT } from './jobs.ts'

/** Rows a second into one table with a key like ours and nothing else: what the machine's SQLite can do at best with every batch on disk. */
export function insertRaw(file: string, rows: number, perTransaction: number): number {
  const database = new DatabaseSync(file)
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table job(id blob primary key, created integer, input text) without rowid',
  )
  const insert = database.prepare('insert into job values (?, ?, ?)')
  const input = JSON.stringify(INPUT)
  const id = Buffer.alloc(16)
  const begunAt = performance.now()
  for (let row = 0; row < rows; ) {
    database.exec('begin immediate')
    for (let one = 0; one < perTransaction; one++) {
      id.writeUIntBE(++row, 0, 6)
      insert.run(id, row, input)
    }
    database.exec('commit')
  }
  const seconds = (performance.now() - begunAt) / 1_000
  database.close()
  return rows / seconds
}
