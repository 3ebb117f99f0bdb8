import pg from 'pg'
import { newId } from '../src/core/ids.ts'
import { ArrayWriter, type Column } from '../src/store/postgres/arrays.ts'
import { INPUT } from './jobs.ts'

interface Raw {
  id: string
  created: number
  input: string
}
const COLUMNS: readonly Column<Raw>[] = [
  { type: 'text', of: row => row.id },
  { type: 'int8', of: row => row.created },
  { type: 'text', of: row => row.input },
]

/** Rows a second into one table with a key like ours and nothing else, many a statement: what this PostgreSQL can do at best with every batch on disk. */
export async function insertRaw(url: string, count: number, perStatement: number, connections: number): Promise<number> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }))
  await Promise.all(clients.map(client => client.connect()))
  await clients[0]?.query('create table raw(id text collate "C" primary key, created bigint, input text)')
  let left = count
  const begunAt = performance.now()
  await Promise.all(
    clients.map(async client => {
      while (left > 0) {
        const size = Math.min(perStatement, left)
        left -= size
        const rows = Array.from({ length: size }, () => ({ id: newId(Date.now(), Math.random), created: Date.now(), input: JSON.stringify(INPUT) }))
        const writer = new ArrayWriter(size * 200)
        const values = COLUMNS.map(column => writer.column(rows, column))
        await client.query({ name: 'raw', text: 'insert into raw select * from unnest($1::text[], $2::int8[], $3::text[])', values })
      }
    }),
  )
  const seconds = (performance.now() - begunAt) / 1_000
  await Promise.all(clients.map(client => client.end()))
  return count / seconds
}
