import { hostname } from 'node:os'
import { type Moved, MoveInterrupted, move } from '../store/move/move.ts'
import type { Progress } from '../store/move/tables.ts'
import { StoreRefused, StoreUnavailable } from '../store/store.ts'
import { readDatabase } from './config.ts'
import { Refusal } from './refusal.ts'
import { storeKind, withoutPassword } from './stores.ts'

export { type Moved, MoveInterrupted, type Progress }

export interface MoveRequest {
  /** As typed: a SQLite file and the URL of a PostgreSQL database. */
  from: string
  to: string
  /** Where a relative path starts. */
  directory: string
  progress(told: Progress): void
  signal: AbortSignal
}

/**
 * Moves all that a SQLite file holds to PostgreSQL, see `move`. Run again after whatever has ended it, it goes on where it was.
 * @throws Refusal: one of the two is none, or in use, or not empty; or the move came to its end: what is there stays there.
 * @throws MoveInterrupted
 */
export async function moveStore({ from, to, directory, progress, signal }: MoveRequest): Promise<Moved> {
  const file = sourceFile(from, directory)
  if (storeKind(to) !== 'postgres')
    throw new Refusal({
      code: 'invalid-option',
      place: '--to',
      title: `Found ${JSON.stringify(to)}, expected the URL of a PostgreSQL database.`,
      hint: 'Such as postgres://user@host:5432/database; its schema is "mainspring" unless ?schema= names another.',
    })
  const nodeName = `mainspring move ${hostname()}:${process.pid}`
  const targetText = withoutPassword(to)
  const [{ openSource }, { openPostgresStore }] = await Promise.all([import('../store/sqlite/source.ts'), import('../store/postgres/store.ts')])
  const source = refusing(file, () => openSource(file, nodeName))
  try {
    const target = await refusingLater(targetText, () => openPostgresStore({ url: to }))
    try {
      return await refusingLater(`${from} to ${targetText}`, () => move({ source, target, targetText, nodeName, progress, signal }))
    } finally {
      await target.close()
    }
  } finally {
    source.close()
  }
}

/** Lets a file be used again that was moved, or whose move is given up: as it was then. @throws Refusal: it was never moved, or is in use. */
export async function undoMove(from: string, directory: string): Promise<{ target: string }> {
  const file = sourceFile(from, directory)
  const { openSource } = await import('../store/sqlite/source.ts')
  const source = refusing(file, () => openSource(file, `mainspring move ${hostname()}:${process.pid}`))
  try {
    const mark = source.mark()
    if (mark === null) throw new Refusal({ code: 'move-refused', place: from, title: 'This database was never moved: there is nothing to undo.' })
    source.setMark(null)
    return { target: mark.target }
  } finally {
    source.close()
  }
}

function sourceFile(from: string, directory: string): string {
  const file = readDatabase(from, directory)
  if (file !== null && storeKind(file) === 'sqlite') return file
  throw new Refusal({
    code: 'invalid-option',
    place: '--from',
    title: `Found ${JSON.stringify(withoutPassword(from))}, expected the file of a SQLite database.`,
  })
}

function refusing<T>(place: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw refusalOf(place, error)
  }
}

async function refusingLater<T>(place: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    throw refusalOf(place, error)
  }
}

function refusalOf(place: string, error: unknown): unknown {
  if (error instanceof StoreRefused) return new Refusal({ code: 'move-refused', place, title: error.message })
  if (error instanceof StoreUnavailable)
    return new Refusal({ code: 'move-refused', place, title: error.message, hint: 'What is there stays there: run the same command again.' })
  return error
}
