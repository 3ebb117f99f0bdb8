import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../core/time.ts'
import { StoreRefused } from '../store.ts'

/** What a database says of itself once a move has begun to take it elsewhere. */
export interface MovedMark {
  /** Of the move: the target has it too. */
  id: string
  /** Where to, for people. */
  target: string
  startedAt: Instant
  /** Null: it is not all there yet. */
  endedAt: Instant | null
}

/** In a table that is there only then, so that no schema has to know of it. */
export function movedMarkOf(database: DatabaseSync): MovedMark | null {
  if (database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'moved'").get() === undefined) return null
  const found = database.prepare('select id, target, started_at as startedAt, ended_at as endedAt from moved').get()
  return found === undefined ? null : ({ ...found } as unknown as MovedMark)
}

/** Null: it may be used again. */
export function setMovedMark(database: DatabaseSync, mark: MovedMark | null): void {
  database.exec('begin immediate; drop table if exists moved')
  if (mark !== null) {
    database.exec('create table moved(id text not null, target text not null, started_at integer not null, ended_at integer)')
    database.prepare('insert into moved values (?, ?, ?, ?)').run(mark.id, mark.target, mark.startedAt, mark.endedAt)
  }
  database.exec('commit')
}

/** @throws StoreRefused when what it holds is elsewhere, or on its way: a server here would be a second scheduler of the same work. */
export function refuseMoved(database: DatabaseSync, file: string): void {
  const mark = movedMarkOf(database)
  if (mark === null) return
  const { target, startedAt, endedAt } = mark
  const undo = `mainspring move --undo --from ${file}`
  if (endedAt === null)
    throw new StoreRefused(
      `The database ${file} is being moved to ${target}, since ${dayOf(startedAt)}, and not all of it is there. Finish it: mainspring move --from ${file} --to URL. Or give it up, and use this file: ${undo}`,
    )
  throw new StoreRefused(
    `The database ${file} was moved to ${target} on ${dayOf(endedAt)}. Start the server there: mainspring server --database URL. To use this file again on purpose, as it was then, once nothing runs there any more: ${undo}`,
  )
}

function dayOf(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
