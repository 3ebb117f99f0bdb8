import { mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import {
  cursorOf,
  depthFrom,
  FIRST,
  LAST,
  logCursorOf,
  logPlaceOf,
  numberOf,
  type Place,
  pageOf,
  placeOf,
  scheduleCursor,
  scheduleCursorOf,
  streamCursorOf,
  streamPlaceOf,
} from '../cursor.ts'
import { type Claim, type OpenRow, type Page, type Reads, type Row, type Store, StoreRefused, StoreUnavailable } from '../store.ts'
import { Channel } from './channel.ts'
import { UnstorableText } from './codec.ts'
import { refusalOf } from './disk.ts'
import { hold } from './lock.ts'
import { decodeLists, decodeRows, encodeBatch } from './messages.ts'
import type { readerOf, writerOf } from './thread.ts'

export interface SqliteOptions {
  /** The database's file. It and its folder are made when missing; beside it lie `-wal`, `-shm`, `-lock` and `-holder`. */
  file: string
  /** What a second process is told of this one. */
  nodeName: string
}

type Writer = Channel<ReturnType<typeof writerOf>>
type Reader = Channel<ReturnType<typeof readerOf>>

/** Before and after everything that has a place in an order. */

/**
 * A SQLite database on a local disk, for one process. Two threads keep it off the event loop: one writes and reads for decisions, one reads for people.
 * @throws StoreRefused when it cannot be opened; the message says why and what to do.
 */
export async function openSqliteStore({ file, nodeName }: SqliteOptions): Promise<Store> {
  const path = locate(file)
  const lock = held(path, nodeName)
  const writer: Writer = new Channel('writer')
  const reader: Reader = new Channel('reader')
  const close = async () => {
    await Promise.allSettled([reader.close(), writer.close()])
    lock.release()
  }
  try {
    await writer.open(path)
    await reader.open(path) // after the writer, which makes the database
    return storeOf(writer, reader, close)
  } catch (error) {
    await close()
    throw error
  }
}

function locate(file: string): string {
  if (file === '' || file === ':memory:') throw new StoreRefused(`"${file}" names no file. For a database in memory there is the memory store.`)
  const path = resolve(file)
  try {
    mkdirSync(dirname(path), { recursive: true })
    // One database, one lock, whatever links lead to it.
    return realpathSync.native(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return join(realpathSync.native(dirname(path)), basename(path))
    throw refusalOf(path, error)
  }
}

function held(path: string, nodeName: string): ReturnType<typeof hold> {
  try {
    return hold(path, nodeName)
  } catch (error) {
    throw error instanceof StoreRefused ? error : refusalOf(path, error)
  }
}

function storeOf(writer: Writer, reader: Reader, closed: () => Promise<void>): Store {
  let closing: Promise<void> | null = null
  return {
    can: { share: false },

    async commit(batch) {
      try {
        return await writer.ask('commit', encodeBatch(batch))
      } catch (error) {
        if (error instanceof UnstorableText) return { is: 'refused', resend: false, why: error.message }
        if (closing === null && error instanceof StoreUnavailable) return { is: 'unknown', ...(error.fault && { fault: error.fault }) }
        throw error
      }
    },
    async settle({ id, lane, claim, sequence, lastBatch }, settling) {
      return writer.ask('settle', { id, lane, claim, sequence, lastBatch }, settling)
    },

    lanes: () => writer.ask('lanes'),
    claim: request => writer.ask('claim', request),
    renew: (claim, version) => writer.ask('renew', nameOf(claim), version),
    release: claim => writer.ask('release', nameOf(claim)),

    loadActors: async (claim, ids) => decodeRows(await writer.ask('loadActors', nameOf(claim), ids)),
    async loadDue(claim, until, page) {
      const rows = await writer.ask('loadDue', nameOf(claim), until, startOf(page, FIRST), page.limit + 1)
      return pageOf(rows, page.limit, ({ wakeAt, id }) => cursorOf({ at: wakeAt, id }))
    },
    async loadDelivered(claim, page) {
      const rows = openRows(await writer.ask('loadDelivered', nameOf(claim), startOf(page, FIRST), page.limit + 1))
      return pageOf(rows, page.limit, ({ id }) => cursorOf({ at: 0, id }))
    },
    findKeys: (claim, keys) => writer.ask('findKeys', nameOf(claim), keys),
    loadGroups: claim => writer.ask('loadGroups', nameOf(claim)),
    async pageReady(claim, requests) {
      const asked = requests.map(page => ({ group: page.group, after: startOf(page, FIRST), limit: page.limit + 1 }))
      const pages = decodeLists(await writer.ask('pageReady', nameOf(claim), asked), requests.length)
      return requests.map(({ limit }, index) => pageOf(pages[index] as OpenRow[], limit, ({ sort, id }) => cursorOf({ at: sort as number, id })))
    },
    loadRates: claim => writer.ask('loadRates', nameOf(claim)),
    loadHolds: claim => writer.ask('loadHolds', nameOf(claim)),
    async loadMail(claim, page) {
      const { at: from, id: n } = page.after === null ? { at: -1, id: '0' } : placeOf(page.after)
      const rows = await writer.ask('loadMail', nameOf(claim), { from, n: Number(n) }, page.limit + 1)
      return pageOf(rows, page.limit, row => cursorOf({ at: row.from, id: String(row.n) }))
    },
    lastId: claim => writer.ask('lastId', nameOf(claim)),
    lastMail: claim => writer.ask('lastMail', nameOf(claim)),
    loadCounts: claim => writer.ask('loadCounts', nameOf(claim)),
    loadExpired: (claim, until, limit) => writer.ask('loadExpired', nameOf(claim), until, limit),
    async loadOldLines(claim, { before, beforeIn, keep }, page) {
      const found = await writer.ask('loadSchedules', nameOf(claim), scheduleCursor(page.after), page.limit + 1)
      const { rows, next } = pageOf(found, page.limit, ({ namespace, name }) => scheduleCursorOf(namespace, name))
      const asked = rows.map(({ id, namespace }) => [id, beforeIn[namespace] ?? before] as const)
      return { rows: await writer.ask('loadOldLines', nameOf(claim), asked, keep, page.limit), next }
    },

    read: readsOf(reader),

    async now() {
      if (closing !== null) throw new StoreUnavailable('The store is closed.')
      return Date.now()
    },
    close() {
      closing ??= closed()
      return closing
    },
  }
}

function readsOf(reader: Reader): Reads {
  return {
    run: async (namespace, id) => decodeRows(await reader.ask('run', namespace, id))[0] ?? null,
    runsEnding: (...given) => reader.ask('runsEnding', ...given),
    async runs(filter, page) {
      const rows: Row[] = decodeRows(await reader.ask('runs', filter, startOf(page, LAST), page.limit + 1))
      return pageOf(rows, page.limit, ({ createdAt, id }) => cursorOf({ at: createdAt, id }))
    },
    segments: (run, from, limit) => reader.ask('segments', run, from, limit),
    async streams(run, stream, page) {
      return pageOf(await reader.ask('streams', run, streamPlaceOf(stream, page.after), page.limit + 1), page.limit, streamCursorOf)
    },
    async logs(run, page) {
      const after = page.after === null ? { at: Number.NEGATIVE_INFINITY, delivery: '', n: 0 } : logPlaceOf(page.after)
      return pageOf(await reader.ask('logs', run, after, page.limit + 1), page.limit, logCursorOf)
    },
    definitions: () => reader.ask('definitions'),
    settings: () => reader.ask('settings'),
    settingsVersion: () => reader.ask('settingsVersion'),
    async schedules(namespace, page) {
      return pageOf(openRows(await reader.ask('schedules', namespace, page.after ?? '', page.limit + 1)), page.limit, ({ name }) => name)
    },
    async assets(namespace, page) {
      return pageOf(openRows(await reader.ask('assets', namespace, page.after ?? '', page.limit + 1)), page.limit, ({ name }) => name)
    },
    async ledger(schedule, filter, page) {
      const before = page.after === null ? Number.MAX_SAFE_INTEGER : numberOf(page.after)
      return pageOf(await reader.ask('ledger', schedule, filter, before, page.limit + 1), page.limit, ({ n }) => String(n))
    },
    runsDepth: (filter, after, rows, tables) => reader.ask('runsDepth', filter, depthFrom(after, filter.createdBefore), rows, tables),
    async runCounts(filter, steps, limit) {
      const found = await reader.ask('runCounts', filter, steps, limit)
      const whole = found.reduce((sum, { count }) => sum + count, 0) < limit
      const through = whole ? null : found.reduce((oldest, row) => Math.min(oldest, row.oldest), Number.POSITIVE_INFINITY)
      return { counts: found.map(({ step, state, count }) => ({ step, state, count })), through }
    },
    ledgers: (schedules, filter, limit) => reader.ask('ledgers', schedules, filter, limit),
    runTimes: (namespace, ids) => reader.ask('runTimes', namespace, ids),
    closedCounts: (namespace, since) => reader.ask('closedCounts', namespace, since),
    closedTimes: (namespace, { from, until }, limit) => reader.ask('closedTimes', namespace, from, until, limit),
    expired: (until, limit) => reader.ask('expired', until, limit),
  }
}

/** The shards stay here: a thread knows them. */
function nameOf({ lane, claim }: Claim): Pick<Claim, 'lane' | 'claim'> {
  return { lane, claim }
}

function startOf(page: Page, otherwise: Place): Place {
  return page.after === null ? otherwise : placeOf(page.after)
}

function openRows(message: ArrayBuffer): OpenRow[] {
  return decodeRows(message) as OpenRow[]
}
