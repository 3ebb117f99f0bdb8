import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { StoreRefused, StoreUnavailable } from '../store.ts'
import type { Answered, Asked, ThreadData } from './channel.ts'
import { claimsOf } from './claims.ts'
import { commitsOf } from './commit.ts'
import { faultOf, refusalOf } from './disk.ts'
import { loadsOf } from './load.ts'
import { migrate } from './migrate.ts'
import { refuseMoved } from './moved.ts'
import { readingsOf } from './read.ts'
import { rememberStale } from './ready.ts'

/** Pages in the write-ahead log at which a commit moves them to the database: 16 MiB. That commit takes some 30 ms longer; fewer pages mean more fsyncs. */
const CHECKPOINT_PAGES = 4_000
/** After this time without a write the log is moved, so that the commits of the next burst have less to do. */
const IDLE_MS = 500
/** A longer log is cut back to this. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024
/** Memory of the writer's and the reader's pages. */
const WRITER_CACHE_KIB = 32 * 1024
const READER_CACHE_KIB = 16 * 1024
/** How long to wait for a person's shell that writes to the database. */
const BUSY_MS = 1_000

/** What the writer's thread does. Its connection is the only one that writes. */
export function writerOf(file: string) {
  const database = new DatabaseSync(file, { timeout: BUSY_MS })
  requireDurability(database, file)
  database.exec(
    `pragma cache_size = -${WRITER_CACHE_KIB}; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}; pragma journal_size_limit = ${LOG_BYTES_KEPT}`,
  )
  refuseMoved(database, file)
  migrate(database, file, Date.now())
  rememberStale(database)
  const claims = claimsOf(database)
  const commits = commitsOf(database)
  const idle = setTimeout(() => checkpoint(database, 'passive'), IDLE_MS)
  const written = <Arguments extends unknown[], Result>(write: (...given: Arguments) => Result) => {
    return (...given: Arguments) => {
      idle.refresh()
      return write(...given)
    }
  }
  return {
    ...claims,
    ...loadsOf(database, claims),
    commit: written(commits.commit),
    settle: written(commits.settle),
    close() {
      clearTimeout(idle)
      checkpoint(database, 'truncate')
      database.close()
    },
  }
}

/**
 * Durability is checked, not assumed (E6): a pragma that cannot be followed says nothing, it only answers another value.
 * @throws StoreRefused when commits would not be on disk.
 */
export function requireDurability(database: DatabaseSync, file: string): void {
  const journal = database.prepare('pragma journal_mode = wal').get()?.journal_mode
  database.exec('pragma synchronous = full')
  const synchronous = database.prepare('pragma synchronous').get()?.synchronous
  if (journal !== 'wal' || synchronous !== 2)
    throw new StoreRefused(
      `The database ${file} cannot be written durably: journal mode is ${journal}, synchronous is ${synchronous}. Name a file on a local disk.`,
    )
}

export function readerOf(file: string) {
  const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS })
  database.exec(`pragma cache_size = -${READER_CACHE_KIB}`)
  return { ...readingsOf(database), close: () => database.close() }
}

/** Never a commit's business: what a checkpoint does not manage stays in the log, and the next one tries again. */
function checkpoint(database: DatabaseSync, how: 'passive' | 'truncate'): void {
  try {
    database.exec(`pragma wal_checkpoint(${how})`)
  } catch {
    // a full disk, an I/O error: the next commit says so
  }
}

/** Answers what the other side of the channel asks: first `open`, last `close`. */
function serve(role: ThreadData['role'], port: MessagePort): void {
  let file: string | null = null
  let operations: Record<string, (...given: never[]) => unknown> = {
    open: (path: string) => {
      file = path
      try {
        operations = role === 'writer' ? writerOf(path) : readerOf(path)
      } catch (error) {
        throw error instanceof StoreRefused ? error : refusalOf(path, error)
      }
    },
    close: () => {},
  }
  port.on('message', ({ id, operation, given }: Asked) => {
    const answered = answerOf(
      id,
      () => file,
      () => (operations[operation] as (...given: unknown[]) => unknown)(...given),
    )
    port.postMessage(answered, 'value' in answered && answered.value instanceof ArrayBuffer ? [answered.value] : [])
    if (operation === 'close') port.close()
  })
}

function answerOf(id: number, file: () => string | null, answer: () => unknown): Answered {
  try {
    return { id, value: answer() }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    return { id, error: { name, message, fault: error instanceof StoreUnavailable ? error.fault : faultOf(file(), error) } }
  }
}

if (parentPort !== null && isThreadData(workerData)) serve(workerData.role, parentPort)

/** False where this file is only imported, such as in a test that runs in a thread. */
function isThreadData(data: unknown): data is ThreadData {
  return typeof data === 'object' && data !== null && 'mainspringStore' in data
}
